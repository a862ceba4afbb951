/** REPAIR: the store fell back. A node that knows for certain what was lost writes it again. */
import type { Rules } from "./rules.ts";
import { mergedBudgets } from "./governor.ts";
import { quotaOn } from "./quota.ts";
import {
  change,
  emptyState,
  unknownFields,
  type StoredCredential,
  type Intent,
  type Quota,
  type State,
} from "./state.ts";

export interface RepairEvent {
  readonly type: "repair";
  readonly outcomeId: string;
  /** The newest document that this node has seen, with a credential that it may still send. */
  readonly known: State;
  /** Fingerprints of credentials that this node saw replaced. */
  readonly replaced?: readonly string[];
  /**
   * A request of this node's, if the document shows it as open: its outcome is known, and is what
   * this node holds, or was replaced by that.
   */
  readonly operationId?: string;
  /**
   * The outcome ids of the stored documents that `known` continues, where this node went on without
   * the store. If one of them is still stored, no other node has sent a request meanwhile. The open
   * request and the doubt are then this node's own, and `known` shows whether they have ended.
   */
  readonly continued?: readonly string[];
}

export interface RepairVerdict {
  /**
   * `reported`: it was stored already, and the named request is not open, or was closed by this.
   */
  readonly kind: "repaired" | "reported" | "kept";
}

/** A promoted replica's clock may be behind the one before it, but not by this much. */
const skewMaxMs = 60_000;

/**
 * Returns true when one was clearly issued before the other in the fleet's history, whatever the
 * clocks of its stores.
 */
export function isOlder(one: StoredCredential, other: StoredCredential): boolean {
  return one.generation < other.generation && one.sentAtMs + skewMaxMs < other.sentAtMs;
}

/**
 * Returns since when a commit is in doubt, if the store has lost that, or undefined. Nothing lowers
 * the end of the drain, so a document with an earlier one is from before the doubtful request.
 */
export function lostDoubtMs(stored: State, known: State, commitId: string): number | undefined {
  const isLost =
    stored.doubtSinceMs === undefined &&
    stored.intent === undefined &&
    stored.credential?.commitId === commitId &&
    stored.inFlightUntilMs < known.inFlightUntilMs;
  return isLost ? known.doubtSinceMs : undefined;
}

/**
 * Writes back when the store is empty, has a credential that is known to be replaced or is clearly
 * older, or has lost the doubt about this one. A higher epoch is no reason: a promoted replica's
 * clock may be behind, and its credential may still be newer.
 */
export function decideRepair(
  state: State | undefined,
  event: RepairEvent,
  nowMs: number,
  rules: Rules,
): { state?: State; verdict: RepairVerdict } {
  const { known, operationId, replaced = [] } = event;
  const { credential, previous } = known;
  if (credential === undefined || nowMs >= credential.expiresAtMs)
    return { verdict: { kind: "kept" } };
  const stored = state ?? emptyState;
  const isLost = stored.credential === undefined && stored.minEpoch < credential.epoch;
  const isReplaced =
    stored.credential !== undefined &&
    stored.credential.fingerprint !== credential.fingerprint &&
    (stored.credential.fingerprint === previous?.fingerprint ||
      replaced.includes(stored.credential.fingerprint) ||
      isOlder(stored.credential, credential));
  const isKnown = operationId !== undefined && stored.intent?.operationId === operationId;
  if (!isLost && !isReplaced) return decideStored(stored, event, { credential, nowMs, rules });

  const usedAtMs = stored.usedAtMs ?? known.usedAtMs;
  const isContinued =
    known.intent === undefined && event.continued?.includes(stored.outcomeId) === true;
  const doubtSinceMs = (isContinued ? undefined : stored.doubtSinceMs) ?? known.doubtSinceMs;
  const budgets = mergedBudgets(stored.budgets, known.budgets);
  // A request in flight must not be lost with the rest, because another node would send a second
  // one.
  const open = known.intent;
  const isOpen =
    stored.intent === undefined &&
    open !== undefined &&
    nowMs < open.atMs + rules.drainMs &&
    !isReported(open, credential);
  const next = change(
    // The fields of a later release were lost with the rest.
    { ...unknownFields(known), ...stored },
    {
      outcomeId: event.outcomeId,
      credential,
      ...(isOpen && { intent: open }),
      ...(previous === undefined ? {} : { previous }),
      inFlightUntilMs: Math.max(stored.inFlightUntilMs, known.inFlightUntilMs),
      quota: higherQuota(stored, known, nowMs, rules),
      governor: later(stored.governor, known.governor),
      contention: later(stored.contention, known.contention),
      ...(budgets && { budgets }),
      ...(known.fallback && { fallback: known.fallback }),
      ...(doubtSinceMs === undefined ? {} : { doubtSinceMs }),
      ...(usedAtMs === undefined ? {} : { usedAtMs }),
    },
    [
      ...(known.fallback === undefined ? (["fallback"] as const) : []),
      ...(doubtSinceMs === undefined ? (["doubtSinceMs"] as const) : []),
      ...(stored.suspect?.fingerprint === credential.fingerprint ? [] : (["suspect"] as const)),
      ...(isKnown || isContinued || isReported(stored.intent, credential)
        ? (["intent"] as const)
        : []),
    ],
  );
  return { state: next, verdict: { kind: "repaired" } };
}

/** Decides when the credential need not be written: it is stored, or another one is. */
function decideStored(
  stored: State,
  { known, operationId, outcomeId }: RepairEvent,
  at: { readonly credential: StoredCredential; readonly nowMs: number; readonly rules: Rules },
): { state?: State; verdict: RepairVerdict } {
  const { credential, nowMs, rules } = at;
  if (stored.credential?.fingerprint !== credential.fingerprint)
    return { verdict: { kind: "kept" } };
  if (operationId !== undefined) {
    const verdict = { kind: "reported" } as const;
    return stored.intent?.operationId === operationId
      ? { state: change(stored, { outcomeId }, ["intent"]), verdict }
      : { verdict };
  }
  const doubtSinceMs = lostDoubtMs(stored, known, credential.commitId);
  if (doubtSinceMs === undefined) return { verdict: { kind: "kept" } };
  const budgets = mergedBudgets(stored.budgets, known.budgets);
  const doubted = change(stored, {
    outcomeId,
    doubtSinceMs,
    inFlightUntilMs: known.inFlightUntilMs,
    quota: higherQuota(stored, known, nowMs, rules),
    ...(budgets && { budgets }),
  });
  return { state: doubted, verdict: { kind: "repaired" } };
}

/**
 * Returns true when the open request brought this credential, or ended before this one was
 * requested.
 */
function isReported(intent: Intent | undefined, credential: StoredCredential): boolean {
  if (intent === undefined) return false;
  const isEarlier =
    intent.epoch < credential.epoch && intent.atMs + skewMaxMs < credential.sentAtMs;
  return isEarlier || intent.operationId === credential.commitId;
}

/** Returns the counter that counted last, with the unknown fields of both. */
function later<T extends { readonly lastMs: number }>(stored: T, known: T): T {
  return stored.lastMs >= known.lastMs ? { ...known, ...stored } : { ...stored, ...known };
}

/** Returns the higher one of both ledgers of today. */
function higherQuota(stored: State, known: State, nowMs: number, rules: Rules): Quota {
  const one = quotaOn(stored.quota, nowMs, rules);
  const other = quotaOn(known.quota, nowMs, rules);
  const [higher, lower] = one.used >= other.used ? [one, other] : [other, one];
  return { ...lower, ...higher, forced: { ...lower.forced, ...higher.forced } };
}
