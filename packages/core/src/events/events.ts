/**
 * The events of a credential, as past-tense facts. The union is closed: a new type comes with a new
 * minor version.
 */
import type {
  CacheUnavailableReason,
  ErrorCode,
  IssueOutcome,
  LockLossReason,
  UnreadableEntryError,
} from "../errors.ts";
import type { RefreshReason } from "../issuer.ts";

/**
 * The fields of every event. All values are strings, finite numbers and booleans, so an event
 * survives JSON unchanged.
 */
export interface EventContext {
  /** The issuer's id. */
  readonly credential: string;
  readonly environment: string;
  readonly node: string;
  /** This node's wall clock in ms since the Unix epoch: a label, not an order. */
  readonly atMs: number;
}

/** Identifies a credential without its secret. */
export interface CredentialLabel {
  readonly generation: number;
  readonly epoch: number;
  /** The first 8 characters of its fingerprint. */
  readonly fingerprint: string;
}

/**
 * The fields of each type of event, besides its context. Free text is printable and at most 200
 * characters long.
 */
export interface EventData {
  /** This node fetched a credential and stored it. */
  refreshed: CredentialLabel & {
    readonly reason: RefreshReason;
    readonly durationMs: number;
    readonly remainingMs: number;
    /** True when the platform handed out the same credential again. */
    readonly unchanged: boolean;
  };
  /**
   * The platform handed out a credential that the fleet had not seen, without its age. It is
   * requested again every `confirmMs` until the next one appears. Until then it may be served up to
   * `confirmMs` after its end.
   */
  "age-unknown": CredentialLabel & { readonly confirmMs: number };
  /** This node adopted a credential that another node stored. */
  adopted: CredentialLabel & {
    readonly remainingMs: number;
    readonly byNode: string;
    readonly byEnvironment: string;
    readonly reason: string;
    /** The time from commit to adoption, in ms, by the store's clock if it is known. */
    readonly lagMs?: number | undefined;
  };
  /**
   * A credential is served past the point where it should have been replaced, because the refresh
   * failed.
   */
  "kept-stale": CredentialLabel & {
    readonly remainingMs: number;
    readonly cause: StaleCause;
    readonly errorCode?: ErrorCode | undefined;
  };
  /** A caller reported that the platform refused a credential. */
  rejected: {
    readonly fingerprint: string;
    /**
     * `current`: it is the fleet's present one. `replaced`: it is an earlier one, and nothing is
     * done. `unknown`: this node has never seen it.
     */
    readonly verdict: "current" | "replaced" | "unknown";
    readonly generation?: number | undefined;
    readonly platformCode?: string | undefined;
    readonly ageMs?: number | undefined;
    readonly remainingMs?: number | undefined;
  };
  /** A refresh ended without a credential and will be tried again. */
  "refresh-failed": FailedRefresh & {
    readonly outcome: Exclude<IssueOutcome, "fatal">;
    readonly failures: number;
    readonly retryAfterMs?: number | undefined;
  };
  /** The platform refuses until a setting changes. Between tries nothing is sent. */
  "refused-fatally": FailedRefresh;
  /** Another credential than the stored one may be the live one. One reconciling refresh is due. */
  "in-doubt": {
    readonly cause: DoubtCause;
    readonly epoch: number;
    readonly generation?: number | undefined;
    /**
     * True when the request sent a single-use input (a refresh token), which may be consumed now.
     * If it cannot be recovered, somebody has to authorise again.
     */
    readonly singleUseInput?: true | undefined;
  };
  /** The reconciling refresh was made: the stored credential is the live one again. */
  reconciled: CredentialLabel & { readonly durationMs: number; readonly doubtMs: number };
  /** The lease ended while this node was refreshing under it. */
  "lock-lost": {
    readonly reason: LockLossReason;
    readonly epoch: number;
    readonly phase: "before-send" | "after-send";
    readonly heldMs: number;
  };
  /** This node's credential was not stored, because a later one was. */
  "commit-superseded": {
    readonly epoch: number;
    readonly fingerprint: string;
    readonly generation?: number | undefined;
    readonly durationMs: number;
  };
  /** A system outside the fleet replaced the credential. */
  contended: {
    readonly state: "suspected" | "confirmed";
    /** How often during the present contention. */
    readonly count: number;
    /** The age and the remaining lifetime of the credential that was killed. */
    readonly ageMs: number;
    readonly remainingMs: number;
    readonly fingerprint: string;
    /** The other environment that claims this credential in the same store, if any. */
    readonly claimedBy?: string | undefined;
    readonly remedy: string;
  };
  /**
   * The fleet switched to the issuer's fallback, or back to its own issuer. Reported by the node
   * that decided it.
   */
  switched: {
    readonly to: "fallback" | "own";
    readonly cause: "contended" | "operator";
    readonly issuer: string;
  };
  /**
   * Another environment has claimed this credential too. `action` is the value of `onConflict` for
   * an earlier claim. `keep`: the other claim is later, and this environment goes on.
   */
  "claim-conflicted": {
    readonly claimedBy: string;
    readonly action: "error" | "warn" | "consume" | "keep";
  };
  /** An operator reset the stored credential, if there was one. */
  reset: { readonly generation?: number | undefined; readonly fingerprint?: string | undefined };
  /**
   * The store has an older credential than this node, or has lost the doubt about it: a failover or
   * a restore lost writes.
   */
  "store-regressed": CredentialLabel & { readonly storedGeneration?: number | undefined };
  /** This node wrote back what the store had lost. */
  repaired: CredentialLabel & { readonly remainingMs: number };
  /**
   * A token was stored unsealed while the commands of the store's driver are traced, so the traces
   * contain it. Reported once. Seal the store: `ioredisStore(redis, { seal })`.
   */
  "unsealed-and-traced": { readonly channels: string };
  /** The store stopped answering. Reported once, until `store-recovered`. */
  "store-unavailable": {
    readonly reason: CacheUnavailableReason;
    /** The first operation that failed: `get`, `set`, `acquire`, `claims-get`, `claims-set`. */
    readonly operation: string;
  };
  "store-recovered": { readonly downMs: number };
  /** The day's use of the quota passed 50, 80 or 95 %. */
  "quota-threshold": {
    readonly used: number;
    readonly perDay: number;
    readonly percent: number;
    readonly resetsInMs: number;
  };
  /**
   * The store holds a document that this process must not use. Nothing is fetched, nothing is
   * overwritten.
   */
  unreadable: { readonly reason: UnreadableEntryError["reason"] };
  /**
   * The wall clock diverged from the monotonic one, or the store's clock from both. Positive:
   * ahead.
   */
  "clock-jumped": { readonly where: "node" | "store"; readonly jumpMs: number };
  /** A generation was replaced in this process. */
  retired: {
    readonly generation: number;
    readonly fingerprint: string;
    readonly uses: number;
    readonly ageMs: number;
  };
  /** The credential was closed in this process. */
  closed: { readonly uses: number };
  /**
   * A control field of the document was out of range, and was ignored. Lingpai never writes such a
   * value.
   */
  poisoned: { readonly field: string; readonly valueMs: number; readonly limitMs: number };
}

export interface FailedRefresh {
  readonly reason: RefreshReason;
  readonly errorCode: ErrorCode;
  readonly platformCode?: string | undefined;
  readonly message?: string | undefined;
  readonly durationMs: number;
}

/**
 * `store`: the store cannot be reached, or refuses. `document`: the stored document must not be
 * used. `platform`: the platform failed, refused, or has not answered this node. `back-off`: the
 * fleet backs off after another node's failure. `quota`: the ledger is at its cap. `governor`: too
 * many rejections. `claim`: another environment owns the credential. `fatal`: a person must mend
 * the cause of a refusal. `parent`: the parent's credential cannot be obtained. `owner`: the node
 * that should replace it has not.
 */
export type StaleCause =
  | "store"
  | "document"
  | "platform"
  | "back-off"
  | "quota"
  | "governor"
  | "claim"
  | "fatal"
  | "parent"
  | "owner";

/**
 * `unknown-outcome`: a request was not answered. `overlap`: another outcome was reported during a
 * request. `undrained`: a request was sent while an earlier one might still be processed.
 */
export type DoubtCause = "unknown-outcome" | "overlap" | "undrained";

export type EventType = keyof EventData;

/** One event; `CredentialEvent<"refreshed">` is one of that type. */
export type CredentialEvent<Type extends EventType = EventType> = {
  readonly [T in Type]: { readonly type: T } & EventContext & EventData[T];
}[Type];

export type EventSeverity = "info" | "warn" | "error";

/**
 * The log level of each type. `error` needs a person. `warn` heals by itself or costs margin.
 * `info` is normal.
 */
export const eventSeverity: Readonly<Record<EventType, EventSeverity>> = {
  refreshed: "info",
  "age-unknown": "warn",
  adopted: "info",
  "kept-stale": "warn",
  rejected: "warn",
  "refresh-failed": "warn",
  "refused-fatally": "error",
  "in-doubt": "warn",
  reconciled: "info",
  "lock-lost": "warn",
  "commit-superseded": "warn",
  contended: "error",
  switched: "warn",
  reset: "warn",
  "claim-conflicted": "error",
  "store-regressed": "warn",
  repaired: "info",
  "store-unavailable": "warn",
  "store-recovered": "info",
  "unsealed-and-traced": "error",
  "quota-threshold": "warn",
  unreadable: "error",
  "clock-jumped": "warn",
  retired: "info",
  closed: "info",
  poisoned: "error",
};
