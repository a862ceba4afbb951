/**
 * SUSPECT: the platform refused a credential. Compared by fingerprint, so a late report of an old
 * one changes nothing.
 */
import type { Rules } from "./rules.ts";
import { change, isDead, isHandedOutAgain, isSuspect, type State } from "./state.ts";

export interface SuspectEvent {
  readonly type: "suspect";
  readonly fingerprint: string;
  /**
   * `dead`: the platform calls it dead, or cannot be asked. `refused`: a call was refused, and no
   * verdict is known: it stays in use. `alive`: the platform calls it alive, or hands it out again:
   * the mark is withdrawn.
   */
  readonly found: "dead" | "refused" | "alive";
}

export type SuspectVerdict =
  | { readonly kind: "suspected"; readonly foreign: ForeignRefresh | undefined }
  /** Reported before. */
  | { readonly kind: "known" }
  /** It is alive: the reported call was refused for another reason. */
  | { readonly kind: "cleared" }
  /** It is not the stored one: it was replaced already, or never the fleet's. */
  | { readonly kind: "other" };

/**
 * A credential was refused during its life, and no node of the fleet replaced it: somebody outside
 * did.
 */
export interface ForeignRefresh {
  readonly state: "suspected" | "confirmed";
  readonly count: number;
  readonly ageMs: number;
  readonly remainingMs: number;
}

export function decideSuspect(
  state: State,
  event: SuspectEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: SuspectVerdict } {
  const { fingerprint, found } = event;
  if (state.credential?.fingerprint !== fingerprint) return { verdict: { kind: "other" } };
  if (found === "alive")
    return isSuspect(state)
      ? { state: change(state, {}, ["suspect"]), verdict: { kind: "cleared" } }
      : { verdict: { kind: "known" } };
  if (isSuspect(state) && (isDead(state) || found !== "dead"))
    return { verdict: { kind: "known" } };
  const { state: next, foreign } = suspected(state, fingerprint, found === "dead", nowMs, rules);
  return { state: next, verdict: { kind: "suspected", foreign } };
}

/**
 * Marks the stored credential as refused. A dead one counts as contended when nothing inside the
 * fleet explains it. Without rules nothing counts.
 */
export function suspected(
  state: State,
  fingerprint: string,
  isFoundDead: boolean,
  nowMs: number,
  rules: Rules | undefined,
): { state: State; foreign: ForeignRefresh | undefined } {
  const { credential } = state;
  if (credential?.fingerprint !== fingerprint || isDead(state))
    return { state, foreign: undefined };
  const before = isSuspect(state) ? state.suspect : undefined;
  const marked = {
    suspect: {
      fingerprint,
      atMs: nowMs,
      ...before,
      ...(isFoundDead ? ({ dead: true } as const) : {}),
    },
  };
  const explained =
    state.doubtSinceMs !== undefined ||
    state.intent !== undefined ||
    nowMs < state.inFlightUntilMs ||
    nowMs >= credential.expiresAtMs ||
    // It was counted at its first refusal, and the platform hands it out all the same.
    isHandedOutAgain(state);
  if (rules === undefined || explained || !isFoundDead)
    return { state: change(state, marked), foreign: undefined };

  const lifetimeMs = credential.expiresAtMs - credential.sentAtMs;
  const fresh = nowMs - state.contention.lastMs > lifetimeMs;
  const contention = {
    ...state.contention,
    count: fresh ? 1 : state.contention.count + 1,
    lastMs: nowMs,
  };
  const isTaken =
    contention.count >= 2 &&
    rules.onContention === "fallback" &&
    rules.fallback !== undefined &&
    state.fallback === undefined;
  return {
    state: change(state, {
      ...marked,
      contention,
      ...(isTaken && { fallback: { sinceMs: nowMs } }),
    }),
    foreign: {
      state: contention.count >= 2 ? "confirmed" : "suspected",
      count: contention.count,
      ageMs: nowMs - credential.sentAtMs,
      remainingMs: credential.expiresAtMs - nowMs,
    },
  };
}
