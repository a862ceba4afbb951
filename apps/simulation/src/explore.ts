#!/usr/bin/env node
/**
 * `pnpm explore`: searches every order of events within bounds over the production reducer
 * and its decision about claims, and over mutants that each lack one rule.
 */
import { parseArgs } from "node:util";
import { systemClock } from "@lingpai/core";
import {
  chosen,
  claimLines,
  claimMutantLines,
  claimSearches,
  searchClaimMutants,
  type SearchedClaimMutant,
  type SearchedClaims,
  searchMutants,
  reportOf,
  searches,
  searchedLines,
  mutantLines,
  type SearchedMutant,
  type Searched,
} from "./explore/report.ts";

const usage = `Usage: pnpm explore [--nodes N] [--json] [--stories]
  --nodes N   only the searches over N processes
  --stories   also prints the counterexample that found each mutant
  --json      { states, violations, mutants: { total, found, survivors }, ms }`;

/**
 * Returns 0 if no invariant was violated and every mutant was found, 1 if not, 2 if the arguments
 * are wrong.
 */
function main(args: readonly string[]): number {
  const { nodes, json, stories } = optionsFrom(args);
  const all = chosen(nodes);
  if (all.length === 0) {
    console.error(`There is no search over ${nodes} processes.\n${usage}`);
    return 2;
  }
  const print = (lines: readonly string[]): void => {
    if (!json) console.log(lines.join("\n"));
  };
  const startedMs = systemClock.monotonicMs();
  const searched: Searched[] = [];
  const searchedMutants: SearchedMutant[] = [];
  for (const each of searches(all)) {
    searched.push(each);
    print(searchedLines(each));
  }
  for (const each of searchMutants()) {
    searchedMutants.push(each);
    print(mutantLines(each, stories));
  }
  const claims: SearchedClaims[] = [];
  const searchedClaimMutants: SearchedClaimMutant[] = [];
  for (const each of claimSearches(nodes)) {
    claims.push(each);
    print(claimLines(each));
  }
  for (const each of searchClaimMutants()) {
    searchedClaimMutants.push(each);
    print(claimMutantLines(each, stories));
  }
  const ms = systemClock.monotonicMs() - startedMs;
  const report = reportOf(searched, searchedMutants, claims, searchedClaimMutants, ms);
  const { mutants, violations } = report;
  if (json) console.log(JSON.stringify(report));
  print([
    `${report.states.toLocaleString("en")} states, ${violations.length} violations; ${mutants.found} of ${mutants.total} mutants found; ${Math.round(report.ms / 1000)} s`,
  ]);
  return violations.length === 0 && mutants.survivors.length === 0 ? 0 : 1;
}

function optionsFrom(args: readonly string[]): {
  nodes: number | undefined;
  json: boolean;
  stories: boolean;
} {
  const options = {
    nodes: { type: "string" },
    json: { type: "boolean" },
    stories: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ args: args.filter((argument) => argument !== "--"), options });
  const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
  return { nodes, json: values.json === true, stories: values.stories === true };
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError && "code" in error)) throw error;
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
