/**
 * Everything the fleet knows about one credential: one document under one key.
 *
 * All instants are the store's time in ms since the Unix epoch. Changed only by {@link reduce},
 * written only by compare-and-set.
 *
 * Nodes of several releases share it. A new field is optional and of the same schema: whoever does
 * not know it carries it along at run time, at every level, for as long as the thing lasts that it
 * describes. A new credential, intent or mark begins without the unknown fields of the one before.
 */
export const schemaVersion = 1;

export interface State {
  readonly v: typeof schemaVersion;
  /**
   * Identifies the last reported outcome: intents, commits (refused ones too), abandons, repairs
   * and resets draw a new one. Random, because a counter repeats after a failover has rolled the
   * store back. A commit that finds another than its intent left knows that it was not alone.
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
   * Somebody reports that the platform refused this one. Only with `dead` is it out of use: the
   * platform was asked, and says so.
   */
  readonly suspect?: Suspect;
  /** Fleet-wide back-off: nobody asks the platform before then. */
  readonly backOffUntilMs: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** What the last failed attempt was told, for those who only wait. */
  readonly failure?: {
    readonly code: string;
    readonly atMs: number;
    /**
     * The parent's credential, where it was refused and is not to blame: alive, or fresh.
     * `sinceMs`: when that was found out.
     */
    readonly parent?: { readonly fingerprint: string; readonly sinceMs: number };
  };
  /**
   * The platform refused, and will go on until somebody mends something. Void once a credential is
   * stored that was asked for later.
   */
  readonly refusal?: Refusal;
  readonly quota: Quota;
  /** Refreshes in a row, caused by a rejection, that brought the refused one again. */
  readonly governor: { readonly count: number; readonly lastMs: number };
  /** The fleet lives on the issuer's fallback, since then. */
  readonly fallback?: { readonly sinceMs: number };
  /** When the budgets for what is not planned will be full again. Absent: they are full. */
  readonly budgets?: Budgets;
  /**
   * Credentials that were refused while they should have lived, and nobody in the fleet had
   * replaced them.
   */
  readonly contention: { readonly count: number; readonly lastMs: number };
  /** Credentials up to this epoch were revoked on purpose and are never written back. */
  readonly minEpoch: number;
  /** A single-use input that was sent and whose outcome is not known (`rotate` only). */
  readonly consumedInput?: { readonly fingerprint: string; readonly atMs: number };
  /** When a node that may not refresh last said that it uses the credential. */
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
  /** The operation that stored it: a re-sent commit recognises itself. */
  readonly commitId: string;
  readonly secret: string;
  readonly nextInput?: string;
  readonly fingerprint: string;
  /**
   * When its request left, at the earliest: its life is counted from here, so that it is never
   * overestimated.
   */
  readonly sentAtMs: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** `reason` is a `RefreshReason`, or what a later release calls its own. */
  readonly by: { readonly node: string; readonly environment: string; readonly reason: string };
}

export interface Intent {
  readonly epoch: number;
  readonly operationId: string;
  readonly atMs: number;
  /**
   * The {@link BudgetName} that it spent from, so that a request that never left can be given back;
   * or what a later release calls its own.
   */
  readonly budget?: string;
}

export interface Suspect {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly dead?: true;
}

/**
 * `refusals`: what rejections may spend. `manual`: what operators may; rejections cannot use it up.
 */
export type BudgetName = "refusals" | "manual";

/** In store time: when each budget will be full again, if nothing more is spent. */
export type Budgets = Readonly<Record<BudgetName, number>>;

/**
 * A refusal that concerns every node with the same configuration: one of them tries again for the
 * fleet.
 */
export interface Refusal {
  readonly code: string;
  /** Who was told. */
  readonly node: string;
  readonly atMs: number;
  /** When the fleet tries again. */
  readonly nextMs: number;
  /** Tries in a row that were refused. */
  readonly count: number;
  /**
   * {@link Issuer.revision} of the node that was refused: others are not stopped. Absent where its
   * issuer has none.
   */
  readonly revision?: string;
}

export interface Quota {
  /** The platform's day, counted from the Unix epoch in its time zone. */
  readonly day: number;
  readonly used: number;
  readonly forced: { readonly used: number; readonly lastAtMs: number };
  /**
   * The platform said on that day that nothing is left. `used` above then shows the cap; here are
   * the real count, and when one fetch tries again.
   */
  readonly gone?: { readonly day: number; readonly used: number; readonly nextMs: number };
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

/** Whether the stored credential may be sent now, as far as the fleet knows. */
export function isLive(state: State, nowMs: number): boolean {
  return state.credential !== undefined && nowMs < state.credential.expiresAtMs && !isDead(state);
}

/** Whether the platform, asked about the stored credential, has called it dead. */
export function isDead(state: State): boolean {
  return isSuspect(state) && state.suspect?.dead === true;
}

export function isSuspect(state: State): boolean {
  return (
    state.credential !== undefined && state.suspect?.fingerprint === state.credential.fingerprint
  );
}

/** Whether nothing is under way, feared or doubted. */
export function isCalm(state: State, nowMs: number): boolean {
  return (
    state.intent === undefined &&
    state.doubtSinceMs === undefined &&
    nowMs >= state.inFlightUntilMs &&
    !isSuspect(state)
  );
}

/** Whether the platform handed out again, after it refused it, the one that it refuses. */
export function isHandedOutAgain(state: State): boolean {
  return isSuspect(state) && (state.credential?.sentAtMs ?? 0) >= (state.suspect?.atMs ?? 0);
}

/**
 * Since when a reconciling refresh is owed: for a doubt, or for a request that was announced and
 * that nobody has reported. Undefined when none is.
 *
 * Never before the present credential was asked for: whatever may have superseded it did so
 * afterwards, so its overlap is not over sooner.
 */
export function owedSinceMs(state: State | undefined): number | undefined {
  const sinceMs = state?.doubtSinceMs ?? state?.intent?.atMs;
  return sinceMs === undefined ? undefined : Math.max(sinceMs, state?.credential?.sentAtMs ?? 0);
}

/** A copy without the named optional fields, and with the changes. */
export function change<K extends OptionalField>(
  state: State,
  changes: Partial<State>,
  drop: readonly K[] = [],
): State {
  const next: { -readonly [P in keyof State]: State[P] } = { ...state, ...changes };
  for (const field of drop) delete next[field];
  return next;
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

/** What a later release of the same schema keeps in the document beside what this one knows. */
export function unknownFields(state: State): object {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => !Object.hasOwn(knownFields, name)),
  );
}
