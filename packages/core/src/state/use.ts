/**
 * USE: a node that may not refresh needs the credential. Owners that nobody asks would let it run
 * out otherwise.
 */
import { change, type State } from "./state.ts";

export interface UseEvent {
  readonly type: "use";
  /** A mark younger than this stands for all who use it. */
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
