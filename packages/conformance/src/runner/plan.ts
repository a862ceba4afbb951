/**
 * Decides from declarations whether each clause runs on a backend, is waived, or does not apply.
 */
import type { Backend, Waivers } from "../backend.ts";
import type { Clause } from "../clause.ts";
import { excludedBy } from "../facts.ts";

export type Planned =
  | { readonly clause: Clause; readonly kind: "run" }
  | { readonly clause: Clause; readonly kind: "waived"; readonly reason: string }
  | { readonly clause: Clause; readonly kind: "not-applicable"; readonly fact: string };

export interface Plan {
  /** Clauses that may run side by side come first, those that must run alone after them. */
  readonly trials: readonly Planned[];
  /** Waivers that waive nothing: no such clause, or one that does not apply. Each is a failure. */
  readonly uselessWaivers: readonly { readonly id: string; readonly why: string }[];
}

/**
 * `known` are all clauses that a waiver may name. A waiver of a clause that does not run now is
 * neither used nor useless.
 */
export function plan(
  backend: Backend,
  clauses: readonly Clause[],
  waivers: Waivers = backend.waivers ?? {},
  known: readonly Clause[] = clauses,
): Plan {
  const trials = clauses.map((clause): Planned => {
    const fact = excludedBy(backend.facts, clause.needs ?? []);
    if (fact !== undefined) return { clause, kind: "not-applicable", fact };
    const reason = Object.hasOwn(waivers, clause.id) ? waivers[clause.id] : undefined;
    return reason === undefined ? { clause, kind: "run" } : { clause, kind: "waived", reason };
  });
  const uselessWaivers = Object.keys(waivers).flatMap((id) => {
    const trial = trials.find(({ clause }) => clause.id === id);
    if (trial === undefined)
      return known.some((clause) => clause.id === id)
        ? []
        : [{ id, why: `there is no clause ${id}` }];
    if (trial.kind === "not-applicable")
      return [{ id, why: `${id} does not apply (${trial.fact})` }];
    return waivers[id]?.trim() ? [] : [{ id, why: `the waiver of ${id} has no reason` }];
  });
  return {
    trials: [
      ...trials.filter(({ clause }) => !clause.alone),
      ...trials.filter(({ clause }) => clause.alone),
    ],
    uselessWaivers,
  };
}
