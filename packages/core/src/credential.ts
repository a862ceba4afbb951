/** What a consumer of a credential sees: its options, its operations, what it reports. */
import type { Cache } from "./cache/cache.ts";
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
   * Where the fleet keeps the credential, and what guards its refresh:
   * `ioredisStore(redis, { seal })`. The environment becomes a prefix of its own in it. Give this,
   * or `cache` and `lock`.
   */
  readonly store?: Store;
  /** The cache alone, where it needs options of its own. */
  readonly cache?: Cache;
  /**
   * The lock alone. From the same store as the cache, so that both are lost or reachable together.
   */
  readonly lock?: Lock;
  /**
   * Names this deployment: 1 to 64 of `A-Za-z0-9._-`. Nodes of one environment share a credential;
   * environments never do, unless told to.
   */
  readonly environment: string;
  /**
   * Names this process in events and in the document: 1 to 64 of `A-Za-z0-9._-`. Default: host
   * name, process id and four random characters.
   */
  readonly node?: string;
  /** `owner` may refresh; `consumer` only reads what an owner stored. @defaultValue "owner" */
  readonly role?: "owner" | "consumer";
  /**
   * What to do when another environment has claimed this credential earlier in the same store. A
   * later claim is reported, and changes nothing.
   *
   * `error` fails before anything is fetched; `warn` reports and fetches all the same; `consume`
   * reads the other environment's credential, and refreshes when that one has given up its claim
   * and its credential has ended; `coexist` shares the platform's token space, which only a stable
   * credential allows.
   * @defaultValue "coexist" for a `stable` or `sliding` issuer, else "error"
   */
  readonly onConflict?: OnConflict;
  /**
   * What to do when somebody outside the fleet goes on replacing the credential: `report` it, with
   * evidence, or let the whole fleet take the issuer's `fallback`, until
   * {@link Credential.useFallback} takes it back. @defaultValue "report"
   */
  readonly onContention?: "report" | "fallback";
  /** The credential that the issuer needs for its request. A refused parent is reported to it. */
  readonly parent?: Parent;
  /**
   * Whether to fetch while the store cannot be reached and nothing usable is held. `never` protects
   * the fleet's token; `when-harmless` fetches from an issuer that hands out the same token again;
   * `always` is for a single node without neighbours.
   * @defaultValue "when-harmless"
   */
  readonly standalone?: "never" | "when-harmless" | "always";
  /**
   * Whether it is refreshed in the background though nobody uses it. Without that a credential is
   * kept fresh for one lifetime after its last use: a call of `get`, `peek` or `reject` here, by a
   * child, a façade or a remote client; a listener of `watch`, for as long as it listens; a
   * consumer of this environment on another node. Nothing is fetched before the first use in either
   * case. @defaultValue false
   */
  readonly keepAlive?: boolean;
  /**
   * Durations and limits; the defaults fit WeChat. Checked against the rules P1–P6 at construction.
   */
  readonly parameters?: Partial<Parameters>;
  /**
   * Keys the fingerprints by which credentials are compared in the store: any text that the whole
   * fleet shares. @defaultValue the issuer's id
   */
  readonly fingerprintKey?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

export type OnConflict = "error" | "warn" | "consume" | "coexist";

export interface CallOptions {
  /** Detaches this caller; shared work goes on for the others. */
  readonly signal?: AbortSignal;
}

export interface RejectOptions extends CallOptions {
  /** The platform's code, for the evidence: `"40001"`. */
  readonly platformCode?: string;
  /**
   * Whether the caller has reason to seek the fault with itself: it was refused with a replacement
   * before. Then the credential is replaced only if the platform, asked, calls it dead.
   * @defaultValue false
   */
  readonly doubtful?: boolean;
}

/**
 * What a child asks of the credential that it depends on: another {@link Credential}, or what a
 * platform pushes.
 */
export type Parent = Pick<Credential, "get" | "reject">;

/**
 * `replaced`: use `secret` and send the call again, once. Otherwise the platform says that the
 * refused one is alive: the fault lies elsewhere.
 *
 * `wasReplaced`: `secret` was asked for before the refusal was reported here, so the fleet itself
 * had replaced the refused one meanwhile. A call that is refused a second time for this reason may
 * be sent once more.
 */
export type Rejection =
  | { readonly replaced: true; readonly secret: Secret; readonly wasReplaced?: boolean }
  | { readonly replaced: false };

/** What {@link Credential.check} found, and did. */
export type Checked = "alive" | "replaced" | "unknown";

/** One credential of one environment, as one process sees it. Constructing it does no I/O. */
export interface Credential {
  /** The issuer's id. */
  readonly id: string;
  /** The issuer's origin. */
  readonly origin?: CredentialOrigin | undefined;
  readonly environment: string;
  /** The credential if this process holds a fresh one: no I/O, no promise, no refresh. */
  peek(): Secret | undefined;
  /**
   * A credential that is safe to send now; fetches one only if the fleet has none. Callers in this
   * process share one flight, callers elsewhere wait for the lease holder and read what it stored.
   * Never gives one past its hard deadline, or one that this process has seen refused.
   *
   * @throws {CredentialUnavailableError} no live credential exists and none could be had in time;
   *   `cause` says why.
   * @throws {CredentialConflictError} another environment owns it.
   * @throws {QuotaExhaustedError} the ledger is at its cap.
   */
  get(options?: CallOptions): Promise<Secret>;
  /**
   * Reports that the platform refused this secret, and gives what to use instead. When the fleet
   * has replaced it already nothing is fetched; otherwise the platform is asked about it where the
   * issuer can ask, and unless it is alive one refresh serves all who report it. Throws what
   * {@link Credential.get} throws when there is no replacement.
   */
  reject(refused: Secret | string, options?: RejectOptions): Promise<Rejection>;
  /**
   * Asks the platform whether the present credential is alive, where the issuer can ask, and
   * replaces one that it calls dead. For a process that makes no calls itself, and so hears of no
   * refusal: one that only gives the credential to others. `unknown`: the platform does not say;
   * nothing is changed. Throws what {@link Credential.get} throws.
   */
  check(options?: CallOptions): Promise<Checked>;
  /**
   * Replaces the credential now, an operator's act: under the lease, within the quota, whatever is
   * left of the present one's life.
   */
  refresh(options?: CallOptions): Promise<Secret>;
  /**
   * Stores a credential that was had by another way than the issuer's request, an authorisation
   * code say, with what it carries. It is used from now on, and a refresh that is in the air is
   * told apart from it. Stored in one atomic write; sending the same again after a failure is safe.
   *
   * @throws {CacheUnavailableError} the store cannot be reached; nothing is used.
   * @throws {ConfigurationError} what was given is no credential, or its age is out of range.
   */
  seed(issued: Issued, options?: SeedOptions): Promise<Secret>;
  /**
   * Corrects the ledger of today's fetches by what the platform says, for the whole fleet. A fleet
   * that waited for the quota goes on.
   *
   * @throws {ConfigurationError} a count is no whole number of at least 0.
   */
  reconcileQuota(observed: ObservedQuota): Promise<void>;
  /**
   * Takes the issuer's fallback for the whole fleet, or goes back to its own issuer: one decision
   * in the document, which every node and consumer follows. What is in use stays in use until it
   * has been replaced, which this call waits for.
   *
   * @throws {ConfigurationError} the issuer has no fallback, or this node is a consumer.
   */
  useFallback(on: boolean, options?: CallOptions): Promise<Secret>;
  /** What this process knows, without I/O and without secrets. */
  status(): CredentialStatus;
  /**
   * Calls `listener` for each event, until the returned function is called. A throwing listener
   * harms nobody.
   */
  watch(listener: (event: CredentialEvent) => void): () => void;
  /**
   * Settles every caller with `CLOSED`, lets a request that left end and be stored, frees timers
   * and subscriptions.
   */
  close(): Promise<void>;
  /** Closes it: `await using token = credential(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SeedOptions extends CallOptions {
  /**
   * How long ago it was asked for, in ms, from 0 to 366 days: its life is counted from there.
   * @defaultValue 0
   */
  readonly ageMs?: number;
}

/** What the platform says of today's fetches. */
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
  readonly fingerprint: string | undefined;
  /** Until the hard deadline, in ms. */
  readonly remainingMs: number | undefined;
  readonly ageMs: number | undefined;
  /** Who fetched it. */
  readonly by:
    | { readonly node: string; readonly environment: string; readonly reason: string }
    | undefined;
  readonly inDoubt: boolean;
  /** Whether the fleet lives on the issuer's fallback. */
  readonly onFallback: boolean;
  /** How often this process handed out the present generation. */
  readonly uses: number;
  /** Undefined before this process has asked the store. */
  readonly storeReachable: boolean | undefined;
  readonly quota: { readonly used: number; readonly perDay: number | undefined };
}
