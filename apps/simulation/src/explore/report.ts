/** Runs the searches and the mutants, and reports their outcomes. */
import { claimBounds } from "./claims/bounds.ts";
import { claimModelOf, type ClaimBounds } from "./claims/model.ts";
import { claimMutants, type ClaimMutant } from "./claims/mutants.ts";
import { searchClaims, type ClaimOutcome } from "./claims/search.ts";
import { bounds } from "./model/bounds.ts";
import { modelOf, type Bounds } from "./model/model.ts";
import { mutants, type Mutant } from "./mutants.ts";
import { search, type Outcome } from "./search/search.ts";
import { counterexampleOf } from "./counterexample.ts";

/** What the searches found. A violation is its counterexample, line by line. */
export interface Report {
  readonly states: number;
  readonly violations: readonly (readonly string[])[];
  readonly mutants: {
    readonly total: number;
    readonly found: number;
    readonly survivors: readonly string[];
  };
}

export interface Searched {
  readonly bounds: Bounds;
  readonly outcome: Outcome;
}

export interface SearchedMutant {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

export interface SearchedClaims {
  readonly bounds: ClaimBounds;
  readonly outcome: ClaimOutcome;
}

export interface SearchedClaimMutant {
  readonly mutant: ClaimMutant;
  readonly outcome: ClaimOutcome;
}

/** Which searches run. Mutants are chosen by their names alone. */
export interface Choice {
  /** Only searches over so many processes. Default: any number. */
  readonly nodes: number | undefined;
  /** Only searches and mutants whose name contains this text. Default: all. */
  readonly only: string | undefined;
}

export interface Chosen {
  readonly searches: readonly Bounds[];
  readonly mutants: readonly Mutant[];
  readonly claimSearches: readonly ClaimBounds[];
  readonly claimMutants: readonly ClaimMutant[];
}

export function chosen({ nodes, only = "" }: Choice): Chosen {
  const isNamed = ({ name }: { readonly name: string }): boolean => name.includes(only);
  const isOver = (processes: number): boolean => nodes === undefined || processes === nodes;
  return {
    searches: Object.values(bounds).filter((each) => isOver(each.processes) && isNamed(each)),
    mutants: mutants.filter(isNamed),
    claimSearches: claimBounds.filter((each) => isOver(each.processes.length) && isNamed(each)),
    claimMutants: claimMutants.filter(isNamed),
  };
}

export function* searched(all: readonly Bounds[]): Generator<Searched> {
  for (const each of all) yield { bounds: each, outcome: search(modelOf(each)) };
}

export function* searchedMutants(all: readonly Mutant[]): Generator<SearchedMutant> {
  for (const mutant of all)
    yield { mutant, outcome: search(modelOf(mutant.bounds, mutant.protocol)) };
}

export function* searchedClaims(all: readonly ClaimBounds[]): Generator<SearchedClaims> {
  for (const each of all) yield { bounds: each, outcome: searchClaims(claimModelOf(each)) };
}

export function* searchedClaimMutants(all: readonly ClaimMutant[]): Generator<SearchedClaimMutant> {
  for (const mutant of all)
    yield { mutant, outcome: searchClaims(claimModelOf(mutant.bounds, mutant.protocol)) };
}

export function reportOf(
  searched: readonly Searched[],
  searchedMutants: readonly SearchedMutant[],
  claims: readonly SearchedClaims[],
  searchedClaimMutants: readonly SearchedClaimMutant[],
): Report {
  const survivors = [
    ...searchedMutants.filter(({ outcome }) => outcome.violation === undefined),
    ...searchedClaimMutants.filter(({ outcome }) => outcome.counterexample === undefined),
  ].map(({ mutant }) => mutant.name);
  const total = searchedMutants.length + searchedClaimMutants.length;
  return {
    states: [...searched, ...claims].reduce((sum, { outcome }) => sum + outcome.states, 0),
    violations: [
      ...searched.flatMap(({ outcome: { violation } }) =>
        violation === undefined ? [] : [counterexampleOf(violation)],
      ),
      ...claims.flatMap(({ outcome }) => outcome.counterexample && [outcome.counterexample]),
    ].filter((lines) => lines !== undefined),
    mutants: {
      total,
      found: total - survivors.length,
      survivors,
    },
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

export function claimLines({ bounds, outcome }: SearchedClaims): string[] {
  const { counterexample, depth, states } = outcome;
  const count = `${states.toLocaleString("en")} states, ${depth} steps deep`;
  const head = `claims of ${bounds.processes.length} processes; ${bounds.name}: ${count}`;
  return counterexample === undefined
    ? [`${head}, 0 violations`]
    : [`${head}, VIOLATED:`, ...counterexample];
}

export function claimMutantLines(
  { mutant, outcome: { counterexample } }: SearchedClaimMutant,
  isVerbose: boolean,
): string[] {
  if (counterexample === undefined) return [`${mutant.name}: SURVIVED (${mutant.lacks})`];
  const head = `${mutant.name}: found after ${counterexample.length - 1} steps`;
  return isVerbose ? [`${head}: ${mutant.lacks}`, ...counterexample] : [head];
}
