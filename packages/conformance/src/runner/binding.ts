/**
 * The shared part of the bindings for test runners: one test a clause, over one running backend.
 */
import { attempt, timeoutDefaultMs, waivedAttemptsMax } from "./attempt.ts";
import type { Backend, Running } from "../backend.ts";
import { clauses } from "../clauses/index.ts";
import { dailyClauses } from "./daily.ts";
import { plan } from "./plan.ts";
import { watchUncaught, type UncaughtLog } from "../trial/uncaught.ts";

export interface BoundTest {
  readonly title: string;
  /** No other test of this backend may run meanwhile. */
  readonly alone: boolean;
  readonly timeoutMs: number;
  /** Rejects as the clause does. */
  run(): Promise<void>;
}

export interface BoundSuite {
  readonly title: string;
  readonly tests: readonly BoundTest[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** How long a backend may take to start, in ms: a cluster forms slowly. */
export const startTimeoutMs = 120_000;

export function bind(backend: Backend): BoundSuite {
  const isFull = process.env["LINGPAI_CONFORMANCE"] === "full";
  const { trials, uselessWaivers } = plan(
    backend,
    isFull ? clauses : dailyClauses(backend, clauses),
    backend.waivers,
    clauses,
  );
  let session: { readonly running: Running; readonly uncaught: UncaughtLog } | undefined;
  const useless = uselessWaivers.map(({ id, why }): BoundTest => ({
    title: `waiver of ${id}`,
    alone: false,
    timeoutMs: timeoutDefaultMs,
    run: () => Promise.reject(new Error(`${why}: remove the waiver`)),
  }));
  const tests = trials.map((planned): BoundTest => {
    const { id, title, alone = false, timeoutMs = timeoutDefaultMs } = planned.clause;
    const notes = {
      run: "",
      waived: " (waived: it must still fail, if not always)",
      "not-applicable":
        planned.kind === "not-applicable" ? ` (not applicable: ${planned.fact})` : "",
    };
    return {
      title: `${id} ${title}${notes[planned.kind]}`,
      alone,
      timeoutMs: timeoutMs * (planned.kind === "waived" ? waivedAttemptsMax : 1) + 5_000,
      async run() {
        if (session === undefined) throw new Error("the backend did not start");
        const outcome = await attempt(backend, session.running, planned, session.uncaught);
        if (outcome.status === "failed") throw outcome.error;
      },
    };
  });
  return {
    title: `${backend.adapter} on ${backend.backend}`,
    tests: [...useless, ...tests],
    async start() {
      session = { running: await backend.start(), uncaught: watchUncaught() };
    },
    async stop() {
      session?.uncaught.stop();
      await session?.running.stop();
    },
  };
}
