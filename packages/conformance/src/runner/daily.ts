/**
 * What a daily run may leave to the nightly one: what shows nothing that another backend does not
 * show daily.
 */
import type { Backend } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { plan } from "./plan.ts";

/** The clauses that run daily on this backend. */
export function dailyClauses({ daily }: Backend, clauses: readonly Clause[]): readonly Clause[] {
  return daily === undefined
    ? clauses
    : clauses.filter(({ id }) => daily.clauses.some((beginning) => id.startsWith(beginning)));
}

/** The backend that runs daily what this one leaves; undefined when there is none. */
export function restOf(backend: Backend, backends: readonly Backend[]): Backend | undefined {
  return backends.find(
    ({ adapter, backend: name }) => adapter === backend.adapter && name === backend.daily?.restBy,
  );
}

/** The ids of the clauses that are held daily on this backend: run, not waived. */
export function heldDaily(backend: Backend, clauses: readonly Clause[]): ReadonlySet<string> {
  return held(backend, dailyClauses(backend, clauses), clauses);
}

/** The ids of the clauses that are held on this backend, but only nightly. */
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
