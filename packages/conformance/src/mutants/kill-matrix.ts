/** Determines which clause catches which mutant. */
import { clauses } from "../clauses/index.ts";
import { runClauses } from "../runner/run.ts";
import { mutants } from "./index.ts";
import type { Mutant } from "./mutant.ts";
import { simulatedBackend } from "./simulated/simulated-backend.ts";

export interface Kill {
  readonly mutant: Mutant;
  /** The clauses of `caughtBy` that failed, as they should. */
  readonly killedBy: readonly string[];
  /** The clauses of `caughtBy` that did not fail, each with its outcome. */
  readonly missedBy: readonly { readonly id: string; readonly status: string }[];
}

/** Runs the clauses that must catch the mutant. */
export async function attack(mutant: Mutant): Promise<Kill> {
  const meant = clauses.filter(({ id }) => mutant.caughtBy.includes(id));
  const { outcomes } = await runClauses(simulatedBackend(mutant.change, mutant.name), {
    clauses: meant,
  });
  const killedBy = outcomes.filter(({ status }) => status === "failed").map(({ id }) => id);
  const missedBy = mutant.caughtBy
    .filter((id) => !killedBy.includes(id))
    .map((id) => ({
      id,
      status: outcomes.find((outcome) => outcome.id === id)?.status ?? "no such clause",
    }));
  return { mutant, killedBy, missedBy };
}

export interface MutantSummary {
  readonly total: number;
  readonly killed: number;
  /** Returns the mutants that were not caught by a clause that must catch them. */
  readonly survivors: readonly string[];
}

export async function attackAll(): Promise<MutantSummary> {
  const survivors: string[] = [];
  for (const mutant of mutants) {
    const { missedBy } = await attack(mutant);
    if (missedBy.length > 0) survivors.push(mutant.name);
  }
  return { total: mutants.length, killed: mutants.length - survivors.length, survivors };
}
