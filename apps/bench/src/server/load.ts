/** Keep-alive clients that ask as fast as they are answered. */
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { systemClock } from "@lingpai/core";
import { quantile } from "../statistics.ts";

export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly errors: number;
}

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request on one connection of the agent; resolves to the status. */
export function ask(
  { headers, url }: Target,
  agent: Agent,
  method: string = "GET",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers, method }, (response: IncomingMessage) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    asked.once("error", reject);
    asked.end();
  });
}

/** Spreads the clients over the targets. */
export async function load(
  targets: readonly Target[],
  { clients, ms }: { readonly clients: number; readonly ms: number },
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const untilMs = systemClock.monotonicMs() + ms;
  const latencies: number[] = [];
  let errors = 0;
  const client = async (target: Target): Promise<void> => {
    for (;;) {
      const fromMs = systemClock.monotonicMs();
      if (fromMs >= untilMs) return;
      const status = await ask(target, agent).catch(() => 0);
      if (status !== 200) errors += 1;
      latencies.push(systemClock.monotonicMs() - fromMs);
    }
  };
  await Promise.all(
    Array.from({ length: clients }, (_, at) => client(targets[at % targets.length]!)),
  );
  agent.destroy();
  const perSecond = (latencies.length - errors) / (ms / 1_000);
  return { perSecond, p99Ms: quantile(latencies, 0.99), errors };
}
