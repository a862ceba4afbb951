/**
 * The clauses that a cache and a lock must pass. They run against any adapter.
 *
 * @packageDocumentation
 */
export type { Outcome } from "./runner/attempt.ts";
export type * from "./backend.ts";
export type { Clause, Trial, TrialClient, TrialLink } from "./clause.ts";
export { clauses } from "./clauses/index.ts";
export { inProcess, type Capability, type Facts, type Refusal } from "./facts.ts";
export { runClauses, type Report, type RunOptions } from "./runner/run.ts";
