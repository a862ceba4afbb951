/**
 * COMMIT: the platform issued a credential. Decides whether it is certainly the last one issued.
 */
import { answered } from "./governor.ts";
import { granted, quotaOn } from "./quota.ts";
import type { Rules } from "./rules.ts";
import { change, isSuspect, type StoredCredential, type State, type Suspect } from "./state.ts";

export interface CommitEvent {
  readonly type: "commit";
  /** From the intent's verdict. */
  readonly epoch: number;
  readonly operationId: string;
  /** The outcome id that our intent wrote. */
  readonly intentOutcomeId: string;
  readonly outcomeId: string;
  /** True when the lease held, without a gap, from before the intent until the answer. */
  readonly leaseHeld: boolean;
  readonly issued: Pick<
    StoredCredential,
    "secret" | "nextInput" | "fingerprint" | "sentAtMs" | "issuedAtMs" | "expiresAtMs" | "by"
  >;
}

export type CommitVerdict =
  /** Stored. `same`: the platform handed out the credential that was stored already. */
  | {
      readonly kind: "committed";
      readonly generation: number;
      readonly doubt: boolean;
      readonly reconciled: boolean;
      readonly same: boolean;
    }
  /** This very commit was stored before; its first answer was lost. */
  | { readonly kind: "repeated" }
  /** A later epoch is stored. Which of the two the platform honours is unknown. */
  | { readonly kind: "superseded" };

export function decideCommit(
  state: State,
  event: CommitEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: CommitVerdict } {
  const { credential } = state;
  if (credential?.commitId === event.operationId) return { verdict: { kind: "repeated" } };

  const doubtSinceMs = state.doubtSinceMs ?? nowMs;
  const own = state.intent?.operationId === event.operationId ? (["intent"] as const) : [];
  if (credential !== undefined && credential.epoch > event.epoch) {
    const refused = change(
      state,
      { outcomeId: event.outcomeId, ...(rules.supersedes ? { doubtSinceMs } : {}) },
      own,
    );
    return { state: refused, verdict: { kind: "superseded" } };
  }

  const alone = state.outcomeId === event.intentOutcomeId && event.leaseHeld;
  const drained = state.inFlightUntilMs <= event.issued.sentAtMs;
  const doubt = rules.supersedes && !(alone && drained);
  // Another request may have been sent until now, also one that a failover removed from the
  // document. The reconciling refresh has to come after it.
  const inFlightUntilMs = alone
    ? state.inFlightUntilMs
    : Math.max(state.inFlightUntilMs, nowMs + rules.drainMs);
  const same = credential?.fingerprint === event.issued.fingerprint;
  const generation = same ? credential.generation : (credential?.generation ?? 0) + 1;
  const previous =
    credential !== undefined && !same ? { fingerprint: credential.fingerprint } : state.previous;
  const next = change(
    state,
    {
      outcomeId: event.outcomeId,
      credential: { ...event.issued, generation, epoch: event.epoch, commitId: event.operationId },
      backOffUntilMs: 0,
      failures: 0,
      quota: granted(quotaOn(state.quota, nowMs, rules)),
      ...(event.issued.by.reason === "rejected" ? { governor: answered(state, same, nowMs) } : {}),
      // A credential that is handed out again may be alive. It counts as dead again only after a
      // new verdict of the platform.
      ...(same && isSuspect(state) && state.suspect !== undefined
        ? { suspect: undoomed(state.suspect) }
        : {}),
      ...(previous === undefined ? {} : { previous }),
      ...(doubt ? { doubtSinceMs, inFlightUntilMs } : {}),
    },
    [
      ...own,
      "failure",
      "refusal",
      "consumedInput",
      ...(doubt ? [] : (["doubtSinceMs"] as const)),
      ...(same ? [] : (["suspect"] as const)),
    ],
  );
  return {
    state: next,
    verdict: {
      kind: "committed",
      generation,
      doubt,
      reconciled: !doubt && state.doubtSinceMs !== undefined,
      same,
    },
  };
}

function undoomed(suspect: Suspect): Suspect {
  const { dead: _dead, ...refused } = suspect;
  return refused;
}
