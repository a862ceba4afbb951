/**
 * Business calls on a simulated fleet. Each node makes calls at a steady pace, reports refusals,
 * and repeats the call as a client does.
 */
import type { Secret } from "../secret.ts";
import { delay } from "../time/time.ts";
import type { Fleet, Node } from "./fleet.fixture.ts";

export interface WorkloadResult {
  readonly calls: number;
  /** Calls that ended with a refused token, or with no token at all. */
  readonly failures: readonly string[];
  /** The longest that one call took, in ms. */
  readonly slowestMs: number;
}

const travelMs = 50;
/**
 * How often a call is sent at most. The third time only if the fleet itself had replaced the second
 * token.
 */
const sendsMax = 3;

/** Events meanwhile, and their times in ms: multiples of 100. */
export type Acts = Readonly<Record<number, () => void>>;

/** Lets `forMs` pass while every node makes a call each 100 ms, then waits for the last of them. */
export async function runWorkload(
  { clock, platform }: Fleet,
  nodes: readonly Node[],
  forMs: number,
  acts: Acts = {},
): Promise<WorkloadResult> {
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  let slowestMs = 0;

  const call = async (node: Node): Promise<void> => {
    let token: Secret = await node.get();
    for (let sends = 1; ; sends += 1) {
      await delay(clock, travelMs);
      if (platform.alive(token)) return;
      const verdict = sends < sendsMax ? await node.reject(token) : undefined;
      if (verdict?.replaced !== true || (sends === 2 && !verdict.wasReplaced))
        throw new Error(`refused after ${sends} sends`);
      token = verdict.secret;
    }
  };
  const start = (node: Node, at: number): void => {
    const startedMs = clock.monotonicMs();
    const done = call(node)
      .catch(
        (error: unknown) =>
          void failures.push(`${at} ms, node ${nodes.indexOf(node)}: ${String(error)}`),
      )
      .finally(() => {
        slowestMs = Math.max(slowestMs, clock.monotonicMs() - startedMs);
        running.delete(done);
      });
    running.add(done);
  };

  let calls = 0;
  for (let passedMs = 0; passedMs < forMs; passedMs += 100) {
    acts[passedMs]?.();
    for (const node of nodes) start(node, passedMs);
    calls += nodes.length;
    await clock.advance(100);
  }
  for (let passedMs = 0; passedMs < 60_000 && running.size > 0; passedMs += 100)
    await clock.advance(100);
  return { calls, failures, slowestMs };
}
