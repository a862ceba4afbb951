/**
 * Everything the fleet knows about one credential: one document under one key.
 *
 * All instants are the store's time in ms since the Unix epoch. Changed only by {@link reduce},
 * written only by compare-and-set.
 *
 * Nodes of several releases share it. A new field is optional and of the same schema. A node that
 * does not know it keeps it, at every level, as long as the thing that it describes lasts. A new
 * credential, intent or mark begins without the unknown fields of the one before.
 */
export const schemaVersion = 1;

export interface State {
  readonly v: typeof schemaVersion;
  /**
   * Identifies the last reported outcome: intents, commits (refused ones too), abandons, repairs
   * and resets draw a new one. Random, because a counter repeats after a failover has rolled the
   * store back. A commit that finds another id than its intent wrote was not alone.
   */
  readonly outcomeId: string;
  readonly credential?: StoredCredential;
  /** The credential that the present one replaced. */
  readonly previous?: { readonly fingerprint: string };
  /** A request is about to leave, or left and was never reported. */
  readonly intent?: Intent;
  /** A request whose outcome nobody knows may still be processed until then. */
  readonly inFlightUntilMs: number;
  /** Another credential may be the live one: one reconciling refresh is owed. */
  readonly doubtSinceMs?: number;
  /**
   * A node reports that the platform refused this credential. Only `dead`, the platform's own
   * verdict, puts it out of use.
   */
  readonly suspect?: Suspect;
  /** The fleet's back-off: no node asks the platform before then. */
  readonly backOffUntilMs: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** The platform's answer to the last failed attempt, for the nodes that only wait. */
  readonly failure?: {
    readonly code: string;
    readonly atMs: number;
    /**
     * The parent's credential, if it was refused although it is alive or fresh. `sinceMs`: when
     * that was found out.
     */
    readonly parent?: { readonly fingerprint: string; readonly sinceMs: number };
  };
  /**
   * A refusal that lasts until a person mends its cause. Void once a credential is stored that was
   * requested later.
   */
  readonly refusal?: Refusal;
  readonly quota: Quota;
  /**
   * Counts refreshes in a row that were caused by a rejection and brought the refused credential
   * again.
   */
  readonly governor: { readonly count: number; readonly lastMs: number };
  /** The fleet has used the issuer's fallback since then. */
  readonly fallback?: { readonly sinceMs: number };
  /** When the budgets for unplanned issues will be full again. Absent: they are full. */
  readonly budgets?: Budgets;
  /**
   * Counts credentials that were refused during their life although no node of the fleet had
   * replaced them.
   */
  readonly contention: { readonly count: number; readonly lastMs: number };
  /** Credentials up to this epoch were dropped on purpose and are never written back. */
  readonly minEpoch: number;
  /** The single-use input that was sent with an unknown outcome (`rotate` only). */
  readonly consumedInput?: { readonly fingerprint: string; readonly atMs: number };
  /** When a consumer last marked the credential as used. */
  readonly usedAtMs?: number;
}

export interface StoredCredential {
  /**
   * Counts the credentials that the fleet has stored. A re-issued, equal secret keeps its
   * generation.
   */
  readonly generation: number;
  /** Orders intents: above every epoch that the store showed when the intent was written. */
  readonly epoch: number;
  /** The operation that stored it, by which a repeated commit recognises itself. */
  readonly commitId: string;
  readonly secret: string;
  readonly nextInput?: string;
  readonly fingerprint: string;
  /**
   * The earliest instant at which its request left. Its life counts from here, so that it is never
   * overestimated.
   */
  readonly sentAtMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly by: Author;
}

export interface Author {
  readonly node: string;
  readonly environment: string;
  /** A `RefreshReason`, or what a later release calls its own. */
  readonly reason: string;
  /**
   * Since when its environment claimed the credential. The registry of claims may be lost; this
   * shows who came first then. Absent where the node did not know.
   */
  readonly claimedMs?: number;
}

export interface Intent {
  readonly epoch: number;
  readonly operationId: string;
  readonly atMs: number;
  /**
   * The {@link BudgetName} that it used, for the refund of a request that never left; or a name of
   * a later release.
   */
  readonly budget?: string;
}

export interface Suspect {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly dead?: true;
}

/**
 * `refusals`: the budget of rejections. `manual`: the budget of operators, which rejections cannot
 * use up.
 */
export type BudgetName = "refusals" | "manual";

/** In store time: when each budget will be full again, if nothing more is used. */
export type Budgets = Readonly<Record<BudgetName, number>>;

/**
 * A refusal that concerns every node with the same configuration. One of them tries again for the
 * fleet.
 */
export interface Refusal {
  readonly code: string;
  /** The node that was refused. */
  readonly node: string;
  readonly atMs: number;
  /** When the fleet tries again. */
  readonly nextMs: number;
  /** Tries in a row that were refused. */
  readonly count: number;
  /**
   * {@link Issuer.revision} of the node that was refused. Nodes with another one are not stopped.
   * Absent when its issuer has none.
   */
  readonly revision?: string;
}

export interface Quota {
  /** The platform's day, counted from the Unix epoch in its time zone. */
  readonly day: number;
  readonly used: number;
  readonly forced: { readonly used: number; readonly lastAtMs: number };
  /**
   * The platform reported on that day that no quota is left. `used` above then shows the cap; these
   * are the real count and the instant of the next try.
   */
  readonly gone?: { readonly day: number; readonly used: number; readonly nextMs: number };
  /**
   * The last other day with a fetch. If it is a later one, the store's clock has stepped back. Its
   * fetches are then part of `used` above, because either clock may be the right one.
   */
  readonly otherDay?: DayCount;
}

export interface DayCount {
  readonly day: number;
  readonly used: number;
  readonly forcedUsed: number;
}

export const emptyState: State = Object.freeze({
  v: schemaVersion,
  outcomeId: "",
  inFlightUntilMs: 0,
  backOffUntilMs: 0,
  failures: 0,
  quota: { day: 0, used: 0, forced: { used: 0, lastAtMs: 0 } },
  governor: { count: 0, lastMs: 0 },
  contention: { count: 0, lastMs: 0 },
  minEpoch: 0,
});

/** Returns true when the stored credential may be sent now, as far as the fleet knows. */
export function isLive(state: State, nowMs: number): boolean {
  return state.credential !== undefined && nowMs < state.credential.expiresAtMs && !isDead(state);
}

/** Returns true when the platform has called the stored credential dead. */
export function isDead(state: State): boolean {
  return isSuspect(state) && state.suspect?.dead === true;
}

export function isSuspect(state: State): boolean {
  return (
    state.credential !== undefined && state.suspect?.fingerprint === state.credential.fingerprint
  );
}

/** Returns true when nothing is in flight, in doubt or suspect. */
export function isAtRest(state: State, nowMs: number): boolean {
  return (
    state.intent === undefined &&
    state.doubtSinceMs === undefined &&
    nowMs >= state.inFlightUntilMs &&
    !isSuspect(state)
  );
}

/**
 * Returns true when the platform handed out the suspect credential again after it had refused it.
 */
export function isHandedOutAgain(state: State): boolean {
  return isSuspect(state) && (state.credential?.sentAtMs ?? 0) >= (state.suspect?.atMs ?? 0);
}

/**
 * Returns since when a reconciling refresh is owed: for a doubt, or for an open request that nobody
 * reported. Undefined when none is.
 *
 * Never before the present credential was requested: anything that superseded it did so later, so
 * its overlap ends later too.
 */
export function owedSinceMs(state: State | undefined): number | undefined {
  const sinceMs = state?.doubtSinceMs ?? state?.intent?.atMs;
  return sinceMs === undefined ? undefined : Math.max(sinceMs, state?.credential?.sentAtMs ?? 0);
}

/** Returns a copy with the changes, and without the named optional fields. */
export function change<K extends OptionalField>(
  state: State,
  changes: Partial<State>,
  drop: readonly K[] = [],
): State {
  const merged: Readonly<Record<string, unknown>> = { ...state, ...changes };
  const dropped: readonly string[] = drop;
  // Not by `delete`: V8 turns what it is applied to into a hash table, which takes 0.7 KiB more.
  const next: Record<string, unknown> = {};
  for (const name of Object.keys(merged)) if (!dropped.includes(name)) next[name] = merged[name];
  return next as { readonly [P in keyof State]: State[P] };
}

type OptionalField =
  | "credential"
  | "previous"
  | "intent"
  | "doubtSinceMs"
  | "suspect"
  | "failure"
  | "refusal"
  | "consumedInput"
  | "fallback";

const knownFields: Readonly<Record<keyof State, true>> = {
  v: true,
  outcomeId: true,
  credential: true,
  previous: true,
  intent: true,
  inFlightUntilMs: true,
  doubtSinceMs: true,
  suspect: true,
  backOffUntilMs: true,
  failures: true,
  failure: true,
  refusal: true,
  quota: true,
  governor: true,
  budgets: true,
  fallback: true,
  contention: true,
  minEpoch: true,
  consumedInput: true,
  usedAtMs: true,
};

/** Returns the fields of a later release of the same schema. */
export function unknownFields(state: State): object {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => !Object.hasOwn(knownFields, name)),
  );
}
