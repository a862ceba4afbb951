/**
 * Selects the clauses of the daily run. It leaves to the nightly run those that another backend
 * already proves daily.
 */
import type { Backend } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { plan } from "./plan.ts";

/** Returns the clauses that run daily on this backend. */
export function dailyClauses({ daily }: Backend, clauses: readonly Clause[]): readonly Clause[] {
  return daily === undefined
    ? clauses
    : clauses.filter(({ id }) => daily.clauses.some((beginning) => id.startsWith(beginning)));
}

/** Returns the backend that runs the remaining clauses daily; undefined if there is none. */
export function restOf(backend: Backend, backends: readonly Backend[]): Backend | undefined {
  const { restBy, restByAdapter = backend.adapter } = backend.daily ?? {};
  return backends.find(
    ({ adapter, backend: name }) => adapter === restByAdapter && name === restBy,
  );
}

/** Returns the ids of the clauses that are checked daily on this backend: run, and not waived. */
export function heldDaily(backend: Backend, clauses: readonly Clause[]): ReadonlySet<string> {
  return held(backend, dailyClauses(backend, clauses), clauses);
}

/** Returns the ids of the clauses that are checked on this backend only nightly. */
export function heldNightly(backend: Backend, clauses: readonly Clause[]): readonly string[] {
  const daily = heldDaily(backend, clauses);
  return [...held(backend, clauses, clauses)].filter((id) => !daily.has(id));
}

function held(
  backend: Backend,
  clauses: readonly Clause[],
  known: readonly Clause[],
): ReadonlySet<string> {
  const { trials } = plan(backend, clauses, backend.waivers, known);
  return new Set(trials.filter(({ kind }) => kind === "run").map(({ clause }) => clause.id));
}
