/** Runs the searches and the mutants, and says what came of them. */
import { bounds } from "./model/bounds.ts";
import { modelOf, type Bounds } from "./model/model.ts";
import { mutants, type Mutant } from "./mutants.ts";
import { search, type Outcome } from "./search/search.ts";
import { tell } from "./counterexample.ts";

/** The shape of `--json`. A violation is its story, line by line. */
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

export interface Hunted {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

/** All searches, or those over `nodes` processes. */
export function chosen(nodes: number | undefined): readonly Bounds[] {
  return Object.values(bounds).filter(
    ({ processes }) => nodes === undefined || processes === nodes,
  );
}

export function* searches(all: readonly Bounds[]): Generator<Searched> {
  for (const each of all) yield { bounds: each, outcome: search(modelOf(each)) };
}

export function* hunts(all: readonly Mutant[] = mutants): Generator<Hunted> {
  for (const mutant of all)
    yield { mutant, outcome: search(modelOf(mutant.bounds, mutant.protocol)) };
}

export function reportOf(
  searched: readonly Searched[],
  hunted: readonly Hunted[],
  ms: number,
): Report {
  const survivors = hunted
    .filter(({ outcome }) => outcome.violation === undefined)
    .map(({ mutant }) => mutant.name);
  return {
    states: searched.reduce((sum, { outcome }) => sum + outcome.states, 0),
    violations: searched.flatMap(({ outcome: { violation } }) =>
      violation === undefined ? [] : [tell(violation)],
    ),
    mutants: { total: hunted.length, found: hunted.length - survivors.length, survivors },
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
    : [`${head}, VIOLATED:`, ...tell(violation)];
}

export function huntedLines(
  { mutant, outcome: { violation } }: Hunted,
  isVerbose: boolean,
): string[] {
  if (violation === undefined) return [`${mutant.name}: SURVIVED (${mutant.lacks})`];
  const head = `${mutant.name}: found after ${violation.trace.length} steps`;
  return isVerbose ? [`${head}: ${mutant.lacks}`, ...tell(violation)] : [head];
}
