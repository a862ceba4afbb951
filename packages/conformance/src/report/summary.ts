/** The result of a run, as data for programs. */
import type { Backend } from "../backend.ts";
import type { MutantSummary } from "../mutants/kill-matrix.ts";
import type { Report } from "../runner/run.ts";

export interface Summary {
  readonly adapters: readonly AdapterSummary[];
  readonly mutants: MutantSummary;
}

export interface AdapterSummary {
  readonly name: string;
  readonly backend: string;
  /** The number of clauses that passed, without those that do not apply. */
  readonly passed: number;
  readonly failed: readonly string[];
  readonly waived: readonly { readonly id: string; readonly reason: string }[];
}

export function summaryOf({ adapter, backend, outcomes }: Report): AdapterSummary {
  return {
    name: adapter,
    backend,
    passed: outcomes.filter(({ status }) => status === "passed").length,
    failed: outcomes.flatMap(({ status, id }) => (status === "failed" ? [id] : [])),
    waived: outcomes.flatMap((outcome) =>
      outcome.status === "waived" ? [{ id: outcome.id, reason: outcome.reason }] : [],
    ),
  };
}

/** True if no clause failed and no mutant survived. */
export function isSound({ adapters, mutants }: Summary): boolean {
  return adapters.every(({ failed }) => failed.length === 0) && mutants.survivors.length === 0;
}

export function titleOf({ adapter, backend }: Pick<Backend, "adapter" | "backend">): string {
  return `${adapter} on ${backend}`;
}
