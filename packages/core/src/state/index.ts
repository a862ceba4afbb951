/**
 * The reducer, for this repository's own search, simulation and tools. Not public API: anything
 * here may change in any release.
 */
export { decodeState, encodeState } from "./codec.ts";
export type { CommitEvent } from "./commit.ts";
export type { IntentEvent } from "./intent.ts";
export { reduce, type Decision, type StateEvent, type VerdictOf } from "./reduce.ts";
export { isOlder } from "./repair.ts";
export type { Rules } from "./rules.ts";
export {
  emptyState,
  isDead,
  isLive,
  isSuspect,
  owedSinceMs,
  type StoredCredential,
  type Intent,
  type State,
} from "./state.ts";
