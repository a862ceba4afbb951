/**
 * USE: a consumer needs the credential. Without the mark, owners without callers would let it
 * expire.
 */
import { change, type State } from "./state.ts";

export interface UseEvent {
  readonly type: "use";
  /** A mark younger than this counts for all consumers. */
  readonly everyMs: number;
  /** How long ago the consumer's last caller asked. @defaultValue 0 */
  readonly agoMs?: number;
}

export interface UseVerdict {
  readonly kind: "marked" | "known";
}

export function decideUse(
  state: State,
  { agoMs = 0, everyMs }: UseEvent,
  nowMs: number,
): { state?: State; verdict: UseVerdict } {
  if (state.usedAtMs !== undefined && nowMs - state.usedAtMs < everyMs)
    return { verdict: { kind: "known" } };
  const usedAtMs = nowMs - agoMs;
  if (usedAtMs <= (state.usedAtMs ?? 0)) return { verdict: { kind: "known" } };
  return { state: change(state, { usedAtMs }), verdict: { kind: "marked" } };
}
