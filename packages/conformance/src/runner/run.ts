import { attempt, type Outcome } from "./attempt.ts";
import type { Backend, Waivers } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { clauses as allClauses } from "../clauses/index.ts";
import { inParallel } from "../trial/expect.ts";
import { plan } from "./plan.ts";
import { watchUncaught } from "../trial/uncaught.ts";

export interface RunOptions {
  /** @defaultValue every clause */
  readonly clauses?: readonly Clause[];
  /** @defaultValue the backend's own */
  readonly waivers?: Waivers;
  /**
   * How many clauses run at the same time, from 1. Those that must run alone always do.
   * @defaultValue 8
   */
  readonly concurrency?: number;
  /** Called with each outcome as it comes. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

export interface Report {
  readonly adapter: string;
  readonly backend: string;
  /** One for each clause in the order of the clauses, then one failure for each useless waiver. */
  readonly outcomes: readonly Outcome[];
  /** True if nothing failed. */
  readonly passed: boolean;
}

/**
 * Runs the clauses against one backend. A failed clause and a useless waiver are outcomes.
 *
 * @throws the errors of `backend.start` and `stop`.
 */
export async function runClauses(backend: Backend, options: RunOptions = {}): Promise<Report> {
  const { clauses = allClauses, waivers, concurrency = 8, onOutcome } = options;
  const { trials, uselessWaivers } = plan(backend, clauses, waivers, [...allClauses, ...clauses]);
  const uncaught = watchUncaught();
  const outcomes: Outcome[] = [];
  const running = await backend.start();
  try {
    for (const alone of [false, true]) {
      const part = trials.filter(({ clause }) => (clause.alone ?? false) === alone);
      await inParallel(part, alone ? 1 : concurrency, async (planned) => {
        const outcome = await attempt(backend, running, planned, uncaught);
        outcomes.push(outcome);
        onOutcome?.(outcome);
      });
    }
  } finally {
    await running.stop();
    uncaught.stop();
  }
  const order = new Map(clauses.map(({ id }, index) => [id, index]));
  outcomes.sort((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
  for (const { id, why } of uselessWaivers)
    outcomes.push({ id, title: why, ms: 0, status: "failed", error: new Error(why) });
  return {
    adapter: backend.adapter,
    backend: backend.backend,
    outcomes,
    passed: outcomes.every(({ status }) => status !== "failed"),
  };
}
