/**
 * SETTLE: the platform calls the stored credential alive, at a moment when no request can be in
 * flight.
 */
import { inFlightUntil } from "./intent.ts";
import type { Rules } from "./rules.ts";
import { change, isSuspect, owedSinceMs, type State } from "./state.ts";

export interface SettleEvent {
  readonly type: "settle";
  readonly outcomeId: string;
  /** The commit that the platform was asked about. */
  readonly commitId: string;
  /** The document's outcome id before the platform was asked. */
  readonly seenOutcomeId: string;
  /** When it was asked. */
  readonly askedAtMs: number;
}

export interface SettleVerdict {
  readonly kind: "settled" | "kept";
}

/**
 * Returns when no earlier request can be in flight any more, not even one that a failover removed
 * from the document.
 */
export function quietFromMs(state: State, rules: Rules): number {
  return Math.max(
    inFlightUntil(state, rules),
    state.doubtSinceMs === undefined ? 0 : state.doubtSinceMs + rules.drainMs,
  );
}

/**
 * Returns true when the platform's verdict can settle a doubt: only without an overlap. With one, a
 * replaced credential is alive too.
 */
export function canSettle(rules: Rules): boolean {
  return rules.supersedes && !rules.rotates && rules.overlapMs === 0;
}

export function decideSettle(
  state: State,
  event: SettleEvent,
  rules: Rules,
): { state?: State; verdict: SettleVerdict } {
  const isSame =
    state.credential?.commitId === event.commitId && state.outcomeId === event.seenOutcomeId;
  const isOwed = owedSinceMs(state) !== undefined;
  if (!isSame || !isOwed || !canSettle(rules) || event.askedAtMs < quietFromMs(state, rules))
    return { verdict: { kind: "kept" } };
  const next = change(state, { outcomeId: event.outcomeId }, [
    "doubtSinceMs",
    "intent",
    ...(isSuspect(state) ? (["suspect"] as const) : []),
  ]);
  return { state: next, verdict: { kind: "settled" } };
}
