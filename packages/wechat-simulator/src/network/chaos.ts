/** Random faults of the platform and of the network, for a day's run of your own service. */
import type { Random } from "@lingpai/core";
import { chaosKinds } from "./chaos-kinds.ts";
import type { FaultSource } from "./fault.ts";

export interface ChaosOptions {
  readonly random: Random;
  /**
   * The share of requests that meet a fault, from 0 to 1.
   * @defaultValue 0.05
   */
  readonly rate?: number;
}

/** The share of faults at business endpoints that begin a refusal of that endpoint. */
const refusalShare = 0.1;
/** How many of its requests such an endpoint refuses at most. */
const refusalsMax = 20;

/**
 * A source for `simulator.faults.always`. The random source alone decides the faults, so a seed
 * repeats them. It draws from {@link chaosKinds}, and now and then lets one business endpoint
 * refuse every token with 40001 for some requests, while all others accept it.
 */
export function chaos({ random, rate = 0.05 }: ChaosOptions): FaultSource {
  const refusalsLeft = new Map<string, number>();
  return (subject) => {
    const left = refusalsLeft.get(subject.endpoint) ?? 0;
    if (left > 0) {
      refusalsLeft.set(subject.endpoint, left - 1);
      return { errcode: 40001 };
    }
    if (random.next() >= rate) return undefined;
    if (!isTokenEndpoint(subject.endpoint) && random.next() < refusalShare)
      refusalsLeft.set(subject.endpoint, Math.ceil(refusalsMax * random.next()));
    return chaosKinds[Math.floor(random.next() * chaosKinds.length)]?.draw(subject, random);
  };
}

/** Includes the probe's endpoint: its refusal would make every token look dead. */
function isTokenEndpoint(endpoint: string): boolean {
  return endpoint.includes("token") || endpoint === "/cgi-bin/getcallbackip";
}
