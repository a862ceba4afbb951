/** Runs the searches and the mutants, and reports their outcomes. */
import { bounds } from "./model/bounds.ts";
import { modelOf, type Bounds } from "./model/model.ts";
import { mutants, type Mutant } from "./mutants.ts";
import { search, type Outcome } from "./search/search.ts";
import { counterexampleOf } from "./counterexample.ts";

/** The output of `--json`. A violation is its counterexample, line by line. */
export interface Report {
  readonly states: number;
  readonly violations: readonly (readonly string[])[];
  readonly mutants: {
    readonly total: number;
    readonly found: number;
    readonly survivors: readonly string[];
  };
  readonly ms: number;
}

export interface Searched {
  readonly bounds: Bounds;
  readonly outcome: Outcome;
}

export interface SearchedMutant {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

/** Returns all searches, or those over `nodes` processes. */
export function chosen(nodes: number | undefined): readonly Bounds[] {
  return Object.values(bounds).filter(
    ({ processes }) => nodes === undefined || processes === nodes,
  );
}

export function* searches(all: readonly Bounds[]): Generator<Searched> {
  for (const each of all) yield { bounds: each, outcome: search(modelOf(each)) };
}

export function* searchMutants(all: readonly Mutant[] = mutants): Generator<SearchedMutant> {
  for (const mutant of all)
    yield { mutant, outcome: search(modelOf(mutant.bounds, mutant.protocol)) };
}

export function reportOf(
  searched: readonly Searched[],
  searchedMutants: readonly SearchedMutant[],
  ms: number,
): Report {
  const survivors = searchedMutants
    .filter(({ outcome }) => outcome.violation === undefined)
    .map(({ mutant }) => mutant.name);
  return {
    states: searched.reduce((sum, { outcome }) => sum + outcome.states, 0),
    violations: searched.flatMap(({ outcome: { violation } }) =>
      violation === undefined ? [] : [counterexampleOf(violation)],
    ),
    mutants: {
      total: searchedMutants.length,
      found: searchedMutants.length - survivors.length,
      survivors,
    },
    ms: Math.round(ms),
  };
}

export function searchedLines({
  bounds,
  outcome: { states, depth, violation },
}: Searched): string[] {
  const count = `${states.toLocaleString("en")} states, ${depth} steps deep`;
  const head = `${bounds.processes} processes; ${bounds.name}: ${count}`;
  return violation === undefined
    ? [`${head}, 0 violations`]
    : [`${head}, VIOLATED:`, ...counterexampleOf(violation)];
}

export function mutantLines(
  { mutant, outcome: { violation } }: SearchedMutant,
  isVerbose: boolean,
): string[] {
  if (violation === undefined) return [`${mutant.name}: SURVIVED (${mutant.lacks})`];
  const head = `${mutant.name}: found after ${violation.trace.length} steps`;
  return isVerbose ? [`${head}: ${mutant.lacks}`, ...counterexampleOf(violation)] : [head];
}
