#!/usr/bin/env node
/**
 * `pnpm explore`: searches every order of events within bounds, over the production reducer and its
 * decision about claims. It also searches mutants that each lack one rule.
 */
import { parseArgs } from "node:util";
import { systemClock } from "@lingpai/core";
import {
  type Choice,
  chosen,
  claimLines,
  claimMutantLines,
  mutantLines,
  reportOf,
  searched,
  searchedClaimMutants,
  searchedClaims,
  searchedLines,
  searchedMutants,
} from "./explore/report.ts";

const usage = `Usage: pnpm explore [--nodes N] [--only TEXT] [--json] [--stories]
  --nodes N   only the searches over N processes
  --only TEXT only the searches and the mutants whose name contains TEXT
  --stories   also prints the counterexample that found each mutant
  --json      { states, violations, mutants: { total, found, survivors }, ms }`;

/**
 * Returns 0 if no invariant was violated and every mutant was found, 1 if not, 2 if the arguments
 * are wrong.
 */
function main(args: readonly string[]): number {
  const { nodes, only, json, stories } = optionsFrom(args);
  const all = chosen({ nodes, only });
  if (all.searches.length === 0 && all.claimSearches.length === 0) {
    console.error(`There is no such search.\n${usage}`);
    return 2;
  }
  const print = (lines: readonly string[]): void => {
    if (!json) console.log(lines.join("\n"));
  };
  /** Prints each as soon as it ends. */
  const run = <T>(each: Iterable<T>, lines: (one: T) => readonly string[]): readonly T[] =>
    Array.from(each, (one) => {
      print(lines(one));
      return one;
    });
  const startedMs = systemClock.monotonicMs();
  const report = reportOf(
    run(searched(all.searches), searchedLines),
    run(searchedMutants(all.mutants), (one) => mutantLines(one, stories)),
    run(searchedClaims(all.claimSearches), claimLines),
    run(searchedClaimMutants(all.claimMutants), (one) => claimMutantLines(one, stories)),
  );
  const ms = Math.round(systemClock.monotonicMs() - startedMs);
  const { mutants, violations } = report;
  if (json) console.log(JSON.stringify({ ...report, ms }));
  print([
    `${report.states.toLocaleString("en")} states, ${violations.length} violations; ${mutants.found} of ${mutants.total} mutants found; ${Math.round(ms / 1000)} s`,
  ]);
  return violations.length === 0 && mutants.survivors.length === 0 ? 0 : 1;
}

function optionsFrom(args: readonly string[]): Choice & {
  readonly json: boolean;
  readonly stories: boolean;
} {
  const options = {
    nodes: { type: "string" },
    only: { type: "string" },
    json: { type: "boolean" },
    stories: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ args: args.filter((argument) => argument !== "--"), options });
  const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
  return { nodes, only: values.only, json: values.json === true, stories: values.stories === true };
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError && "code" in error)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
