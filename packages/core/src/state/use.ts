/**
 * USE: a consumer needs the credential. Without the mark, owners without callers would let it
 * expire.
 */
import { change, type State } from "./state.ts";

export interface UseEvent {
  readonly type: "use";
  /** A mark younger than this counts for all consumers. */
  readonly everyMs: number;
}

export interface UseVerdict {
  readonly kind: "marked" | "known";
}

export function decideUse(
  state: State,
  { everyMs }: UseEvent,
  nowMs: number,
): { state?: State; verdict: UseVerdict } {
  if (state.usedAtMs !== undefined && nowMs - state.usedAtMs < everyMs)
    return { verdict: { kind: "known" } };
  return { state: change(state, { usedAtMs: nowMs }), verdict: { kind: "marked" } };
}
