/** Runs one clause against one backend and returns its outcome. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { systemClock } from "@lingpai/core";
import type { Backend, Running } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { absenceShown } from "./absence.ts";
import { plantBystanders } from "./bystanders.ts";
import type { Planned } from "./plan.ts";
import { openTrial } from "../trial/trial.ts";
import type { UncaughtLog } from "../trial/uncaught.ts";

export type Outcome = { readonly id: string; readonly title: string; readonly ms: number } & (
  | { readonly status: "passed" }
  | { readonly status: "failed"; readonly error: unknown }
  | { readonly status: "waived"; readonly reason: string; readonly error: unknown }
  | { readonly status: "not-applicable"; readonly fact: string }
);

export const timeoutDefaultMs = 60_000;

/**
 * How often a waived clause may pass before its waiver is stale. A race within a driver does not
 * fail each time.
 */
export const waivedAttemptsMax = 5;

/** Never rejects: a failure is an outcome. */
export async function attempt(
  backend: Backend,
  running: Running,
  planned: Planned,
  uncaught: UncaughtLog,
): Promise<Outcome> {
  const { clause } = planned;
  const startMs = systemClock.monotonicMs();
  const attemptsMax = planned.kind === "waived" ? waivedAttemptsMax : 1;
  let error: unknown;
  for (let count = 0; count < attemptsMax && error === undefined; count++) {
    error = await errorOf(async () => {
      if (planned.kind === "not-applicable") await showAbsence(running, planned.fact, clause);
      else await withTimeout(clause, () => runClause(backend, running, clause, uncaught));
    });
  }
  const common = {
    id: clause.id,
    title: clause.title,
    ms: Math.round(systemClock.monotonicMs() - startMs),
  };
  switch (planned.kind) {
    case "run":
      return error === undefined
        ? { ...common, status: "passed" }
        : { ...common, status: "failed", error };
    case "waived":
      if (error !== undefined)
        return { ...common, status: "waived", reason: planned.reason, error };
      return {
        ...common,
        status: "failed",
        error: new Error(
          `${clause.id} passes, ${waivedAttemptsMax} times: remove its waiver ("${planned.reason}")`,
        ),
      };
    case "not-applicable":
      return error === undefined
        ? { ...common, status: "not-applicable", fact: planned.fact }
        : { ...common, status: "failed", error };
  }
}

async function runClause(
  backend: Backend,
  running: Running,
  clause: Clause,
  uncaught: UncaughtLog,
): Promise<void> {
  const fixture = await running.open();
  const { trial, lostData, close } = openTrial(backend, fixture, uncaught);
  const error = await errorOf(async () => {
    const bystanders = await plantBystanders(fixture, trial);
    await clause.run(trial);
    if (!lostData()) await bystanders.verify();
    assert.deepEqual(
      trial.uncaught().map((reason) => inspect(reason)),
      [],
      "errors that nobody caught, of this clause or of one beside it",
    );
  });
  const closing = await errorOf(close);
  const first = error ?? closing;
  if (first !== undefined) throw first;
}

async function showAbsence(running: Running, fact: string, clause: Clause): Promise<void> {
  const fixture = await running.open();
  try {
    absenceShown(fixture, fact, clause);
  } finally {
    await fixture.close();
  }
}

async function errorOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error ?? new Error("the clause rejected with nothing");
  }
}

/** Fails a clause that hangs. Its resources are closed when it ends, if it ever does. */
function withTimeout(clause: Clause, work: () => Promise<void>): Promise<void> {
  const { timeoutMs = timeoutDefaultMs } = clause;
  return new Promise((resolve, reject) => {
    const cancel = systemClock.setTimer(timeoutMs, () => {
      reject(
        new assert.AssertionError({ message: `${clause.id} did not end within ${timeoutMs} ms` }),
      );
    });
    work().then(resolve, reject).finally(cancel);
  });
}
