/** SUSPECT: the platform refused a credential. Compared by fingerprint, so a late report of an old one changes nothing. */
import { change, isSuspect, type State } from "./state.ts";

export interface SuspectEvent {
  readonly type: "suspect";
  readonly fingerprint: string;
}

export type SuspectVerdict =
  | { readonly kind: "suspected"; readonly foreign: ForeignRefresh | undefined }
  /** Reported before. */
  | { readonly kind: "known" }
  /** Not what is stored: it was replaced already, or never ours. */
  | { readonly kind: "other" };

/** A credential that should have lived was refused, and nobody in the fleet replaced it: somebody outside did. */
export interface ForeignRefresh {
  readonly state: "suspected" | "confirmed";
  readonly count: number;
  readonly ageMs: number;
  readonly remainingMs: number;
}

export function decideSuspect(state: State, event: SuspectEvent, nowMs: number): { state?: State; verdict: SuspectVerdict } {
  if (state.credential?.fingerprint !== event.fingerprint) return { verdict: { kind: "other" } };
  if (isSuspect(state)) return { verdict: { kind: "known" } };
  const { state: next, foreign } = suspected(state, event.fingerprint, nowMs);
  return { state: next, verdict: { kind: "suspected", foreign } };
}

/** Marks the stored credential as refused, and counts it as contended when nothing inside the fleet explains the refusal. */
export function suspected(state: State, fingerprint: string, nowMs: number): { state: State; foreign: ForeignRefresh | undefined } {
  const { credential } = state;
  if (credential?.fingerprint !== fingerprint || isSuspect(state)) return { state, foreign: undefined };
  const marked = { suspect: { fingerprint, atMs: nowMs } };
  const explained =
    state.doubtSinceMs !== undefined || state.intent !== undefined || nowMs < state.dangerUntilMs || nowMs >= credential.expiresAtMs;
  if (explained) return { state: change(state, marked), foreign: undefined };

  const lifetimeMs = credential.expiresAtMs - credential.sentAtMs;
  const fresh = nowMs - state.contention.lastMs > lifetimeMs;
  const { count, sinceMs } = state.contention;
  const contention = { ...state.contention, count: fresh ? 1 : count + 1, sinceMs: fresh ? nowMs : sinceMs, lastMs: nowMs };
  return {
    state: change(state, { ...marked, contention }),
    foreign: {
      state: contention.count >= 2 ? "confirmed" : "suspected",
      count: contention.count,
      ageMs: nowMs - credential.sentAtMs,
      remainingMs: credential.expiresAtMs - nowMs,
    },
  };
}
