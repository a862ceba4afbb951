/** The credential as its user sees it: options, operations, status. */
import type { Cache } from "./cache/cache.ts";
import type { ListenOptions } from "./events/event-bus.ts";
import type { CredentialEvent } from "./events/events.ts";
import type { CredentialOrigin, Issued, Issuer } from "./issuer.ts";
import type { Lock } from "./lock/lock.ts";
import type { Parameters } from "./parameters.ts";
import type { Random } from "./random.ts";
import type { Secret } from "./secret.ts";
import type { Store } from "./store.ts";
import type { Clock } from "./time/time.ts";

export interface CredentialOptions {
  readonly issuer: Issuer;
  /**
   * The cache that keeps the credential, and the lock that guards its refresh: `ioredisStore(redis,
   * { seal })`. The environment becomes a prefix of its own in it. Give this, or `cache` and
   * `lock`.
   */
  readonly store?: Store;
  /** The cache alone, if it needs options of its own. */
  readonly cache?: Cache;
  /**
   * The lock alone. It must be in the same store as the cache, so that both are lost or reachable
   * together.
   */
  readonly lock?: Lock;
  /**
   * Names this deployment: 1 to 64 of `A-Za-z0-9._-`. Nodes of one environment share a credential.
   * Environments share none unless `onConflict` says so.
   */
  readonly environment: string;
  /**
   * Names this process in events and in the document: 1 to 64 of `A-Za-z0-9._-`. Default: host
   * name, process id and four random characters.
   */
  readonly node?: string;
  /**
   * `owner` may refresh; `consumer` only reads what an owner stored. Over a store that reports no
   * changes, owners hear of a refusal that a consumer met within half of `waitMs`, and of the first
   * consumer within `recheckMs`: its callers wait that much longer. @defaultValue "owner"
   */
  readonly role?: "owner" | "consumer";
  /**
   * The reaction to an earlier claim of another environment in the same store. A later claim is
   * reported, and changes nothing.
   *
   * `error` fails before anything is fetched. `warn` reports the claim and fetches all the same.
   * `consume` reads the other environment's credential, and refreshes when that one has given up
   * its claim and its credential has expired. `coexist` shares the platform's token space, which
   * only a stable credential allows.
   * @defaultValue "coexist" for a `stable` or `sliding` issuer, else "error"
   */
  readonly onConflict?: OnConflict;
  /**
   * The reaction when another system keeps replacing the credential. `report` reports it with
   * evidence. `fallback` switches the whole fleet to the issuer's fallback, until {@link
   * Credential.useFallback} switches it back. @defaultValue "report"
   */
  readonly onContention?: "report" | "fallback";
  /** The credential that the issuer needs for its request. A refused parent is reported to it. */
  readonly parent?: Parent;
  /**
   * When to fetch while the store cannot be reached and no usable credential is cached. `never`
   * protects the fleet's token. `when-harmless` fetches from an issuer that hands out the same
   * token again. `always` is for a single node.
   * @defaultValue "when-harmless"
   */
  readonly standalone?: "never" | "when-harmless" | "always";
  /**
   * Refreshes the credential in the background although nobody uses it. Otherwise it is kept fresh
   * for one lifetime after its last use: a call of `get`, `peek` or `reject` here, by a child, a
   * façade or a remote client; a listener of `watch`, for as long as it listens; a consumer of this
   * environment on another node. In either case nothing is fetched before the first use.
   * @defaultValue false
   */
  readonly keepAlive?: boolean;
  /**
   * Durations and limits. The defaults fit WeChat. They are checked against the rules P1–P6 at
   * construction.
   */
  readonly parameters?: Partial<Parameters>;
  /**
   * The key of the fingerprints by which stored credentials are compared: any text that the whole
   * fleet shares. @defaultValue the issuer's id
   */
  readonly fingerprintKey?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

export type OnConflict = "error" | "warn" | "consume" | "coexist";

export interface CallOptions {
  /** Ends this caller's wait. Shared work goes on for the others. */
  readonly signal?: AbortSignal;
}

export interface RejectOptions extends CallOptions {
  /** The platform's code, for the evidence: `"40001"`. */
  readonly platformCode?: string;
  /**
   * True when the fault may be the caller's own, because it was refused with a replacement before.
   * The credential is then replaced only if the platform calls it dead.
   * @defaultValue false
   */
  readonly doubtful?: boolean;
}

/**
 * The operations that a child needs of the credential that it depends on: another {@link
 * Credential}, or a pushed ticket.
 */
export type Parent = Pick<Credential, "get" | "reject">;

/** Gives the credentials that another process owns, for example those of a token server. */
export interface CredentialSource {
  /**
   * The credential of this id. Sends nothing. Its holder closes it.
   *
   * @param origin where its secrets may be sent, as the issuer of this id would say.
   */
  credential(id: string, origin?: CredentialOrigin): Credential;
}

/**
 * `replaced`: use `secret` and send the call again, once. Otherwise the platform calls the refused
 * credential alive, and the fault is elsewhere.
 *
 * `wasReplaced`: `secret` was requested before the refusal was reported here, so the fleet itself
 * had replaced the refused one meanwhile. A call that is refused a second time for this reason may
 * be sent once more.
 */
export type Rejection =
  | { readonly replaced: true; readonly secret: Secret; readonly wasReplaced?: boolean }
  | { readonly replaced: false };

/** The result of {@link Credential.check}. */
export type Checked = "alive" | "replaced" | "unknown";

/** One credential of one environment, as one process sees it. Constructing it does no I/O. */
export interface Credential {
  /** The issuer's id. */
  readonly id: string;
  /** The issuer's origin. */
  readonly origin?: CredentialOrigin | undefined;
  readonly environment: string;
  /** Returns the credential if this process has a fresh one: no I/O, no promise, no refresh. */
  peek(): Secret | undefined;
  /**
   * Resolves to a credential that is safe to send now. Fetches one only if the fleet has none.
   * Callers in this process share one refresh. Callers in other processes wait for the lease holder
   * and read what it stored. Never gives a credential past its hard deadline, or one that this
   * process has seen refused.
   *
   * @throws {CredentialUnavailableError} no live credential exists, and none could be obtained in
   *   time. `cause` has the reason.
   * @throws {CredentialConflictError} another environment owns it.
   * @throws {QuotaExhaustedError} the ledger is at its cap.
   */
  get(options?: CallOptions): Promise<Secret>;
  /**
   * Reports that the platform refused this secret, and resolves to its replacement. If the fleet
   * has replaced it already, nothing is fetched. Otherwise the platform is asked about it, if the
   * issuer can ask. Unless it is alive, one refresh serves all who report it. Without a replacement
   * it throws what {@link Credential.get} throws.
   */
  reject(refused: Secret | string, options?: RejectOptions): Promise<Rejection>;
  /**
   * Asks the platform whether the present credential is alive, if the issuer can ask, and replaces
   * a dead one. It is for a process that makes no calls itself and so sees no refusals, such as a
   * token server. `unknown`: the platform gave no verdict, and nothing changed. Throws what {@link
   * Credential.get} throws.
   */
  check(options?: CallOptions): Promise<Checked>;
  /**
   * Replaces the credential now, under the lease and within the quota, whatever is left of the
   * present one's life. For operators.
   */
  refresh(options?: CallOptions): Promise<Secret>;
  /**
   * Stores a credential obtained without the issuer (from an authorisation code, for example), with
   * its `nextInput`. Callers get it from now on, and a refresh in flight cannot overwrite it. It is
   * stored in one atomic write. Repeating the call after a failure is safe.
   *
   * @throws {CacheUnavailableError} the store cannot be reached. Nothing changed.
   * @throws {ConfigurationError} the argument is no credential, or its age is out of range.
   */
  seed(issued: Issued, options?: SeedOptions): Promise<Secret>;
  /**
   * Resets the present credential, as an operator: from then on no node hands it out or writes it
   * back, even if the store was emptied before. Fetches nothing; the next caller gets a new one.
   * The ledger, and the records of requests in flight, are kept.
   *
   * @throws {ConfigurationError} This node is a consumer. Or the issuer needs the stored input for
   *   its next request and cannot recover it, so that a reset would end the authorisation.
   * @throws {CacheUnavailableError} The store cannot be reached. Nothing was reset.
   */
  reset(options?: CallOptions): Promise<void>;
  /**
   * Sets the ledger of today's fetches to the platform's count, for the whole fleet. A fleet that
   * waited for the quota goes on.
   *
   * @throws {ConfigurationError} a count is no whole number of at least 0.
   */
  reconcileQuota(observed: ObservedQuota): Promise<void>;
  /**
   * Switches the whole fleet to the issuer's fallback, or back to its own issuer: one decision in
   * the document, which every node and consumer follows. The present credential stays in use until
   * it has been replaced. The call waits for the replacement.
   *
   * @throws {ConfigurationError} the issuer has no fallback, or this node is a consumer.
   */
  useFallback(on: boolean, options?: CallOptions): Promise<Secret>;
  /** Returns this process's view, without I/O and without secrets. */
  status(): CredentialStatus;
  /**
   * Calls `listener` for each event, until the returned function is called. An error of a listener
   * is ignored.
   */
  watch(listener: (event: CredentialEvent) => void, options?: ListenOptions): () => void;
  /**
   * Rejects every waiting caller with `CLOSED`, lets a request in flight end and be stored, and
   * frees timers and subscriptions.
   */
  close(): Promise<void>;
  /** Closes it: `await using token = credential(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SeedOptions extends CallOptions {
  /**
   * How long ago it was requested, in ms, from 0 to 366 days. Its life counts from there.
   * @defaultValue 0
   */
  readonly ageMs?: number;
}

/** The platform's count of today's fetches. */
export interface ObservedQuota {
  readonly used: number;
  readonly remaining: number;
}

export interface CredentialStatus {
  readonly id: string;
  readonly environment: string;
  readonly node: string;
  readonly role: "owner" | "consumer";
  /**
   * `fresh`, `stale` (served past the point where it should have been replaced), `none`, or
   * `closed`.
   */
  readonly state: "fresh" | "stale" | "none" | "closed";
  readonly generation: number | undefined;
  /** Names the write that stored it. A credential that lives on under a new end has a new one. */
  readonly commitId: string | undefined;
  readonly fingerprint: string | undefined;
  /** Until a refresh may start, in ms; 0 from then on. */
  readonly renewsInMs: number | undefined;
  /** Until the hard deadline, in ms. */
  readonly remainingMs: number | undefined;
  readonly ageMs: number | undefined;
  /** The node that fetched it. */
  readonly by:
    | { readonly node: string; readonly environment: string; readonly reason: string }
    | undefined;
  readonly inDoubt: boolean;
  /** True while a caller's report of a refusal has not been settled. */
  readonly isSuspect: boolean;
  /** True while the fleet uses the issuer's fallback. */
  readonly onFallback: boolean;
  /** How often this process handed out the present generation. */
  readonly uses: number;
  /** Undefined before the first store command of this process. */
  readonly storeReachable: boolean | undefined;
  readonly quota: { readonly used: number; readonly perDay: number | undefined };
}
