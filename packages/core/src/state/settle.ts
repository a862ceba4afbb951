/**
 * SETTLE: the platform says that the stored credential is alive, at a moment when no request can be
 * under way any more.
 */
import { dangerUntil } from "./intent.ts";
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
 * From when on no request can be under way that was announced before, nor one that a failover made
 * the document forget.
 */
export function quietFromMs(state: State, rules: Rules): number {
  return Math.max(
    dangerUntil(state, rules),
    state.doubtSinceMs === undefined ? 0 : state.doubtSinceMs + rules.drainMs,
  );
}

/**
 * Whether the platform's word can settle a doubt: only where whatever is issued later kills at
 * once. With an overlap a replaced one is alive too.
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
