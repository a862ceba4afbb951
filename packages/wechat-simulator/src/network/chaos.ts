/** Random faults of the platform and of the network, for a day's run of your own service. */
import type { Random } from "@lingpai/core";
import type { Fault, FaultSource, FaultSubject } from "./fault.ts";

export interface ChaosOptions {
  readonly random: Random;
  /**
   * The share of requests that meet a fault, from 0 to 1.
   * @defaultValue 0.05
   */
  readonly rate?: number;
}

type Draw = (subject: FaultSubject, random: Random) => Fault;

const draws: readonly Draw[] = [
  // On the way there and back.
  () => ({ loseRequest: true }),
  () => ({ loseReply: true }),
  () => ({ refuseConnect: 407 }),
  () => ({ refuseConnect: 502 }),
  (_subject, random) => ({ delayBeforeMs: 10_000 * random.next() }),
  (_subject, random) => ({ delayAfterMs: 10_000 * random.next() }),
  // In a proxy between.
  () => ({ status: 502, body: "html" }),
  () => ({ body: "html" }),
  () => ({ body: "truncated" }),
  () => ({ body: "empty" }),
  () => ({ body: "object" }),
  () => ({ body: "control-characters" }),
  // At the platform itself. It has processed half of the requests that it calls busy.
  () => ({ errcode: -1 }),
  () => ({ errcode: -1, processed: true }),
  () => ({ errcode: 45011 }),
  ({ endpoint }) => (endpoint.includes("token") ? { errcode: 50000 } : { errcode: 48001 }),
];

/**
 * A source for `simulator.faults.always`. The random source alone decides the faults, so a seed
 * repeats them.
 */
export function chaos({ random, rate = 0.05 }: ChaosOptions): FaultSource {
  return (subject) => {
    if (random.next() >= rate) return undefined;
    return draws[Math.floor(random.next() * draws.length)]?.(subject, random);
  };
}
