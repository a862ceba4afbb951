/**
 * Every error that Lingpai throws, each with a stable `code`.
 *
 * The code is API; the text is not and may improve in any release. Compare `error.code`, not
 * `instanceof`: two copies of a package in one process have two classes but one set of codes. No
 * text, cause or property of these errors holds a secret; names of keys and credentials may appear.
 */

export type ErrorCode =
  | "CONFIGURATION"
  | "CACHE_UNAVAILABLE"
  | "UNREADABLE_ENTRY"
  | "CLOSED"
  | "LOCK_TIMEOUT"
  | "LOCK_LOST"
  | "LOCK_REENTERED"
  | "LOCK_UNSUPPORTED"
  | "ISSUE_REFUSED"
  | "ISSUE_FAILED"
  | "CREDENTIAL_UNAVAILABLE"
  | "CREDENTIAL_CONFLICT"
  | "QUOTA_EXHAUSTED"
  | "RECURSIVE_REFRESH"
  | "CALL_TIMEOUT"
  | "PLATFORM_REFUSED"
  | "PLATFORM_ANSWER_INVALID";

export interface LingpaiErrorOptions {
  readonly cause?: unknown;
  /** Whether the same call may succeed later without a change of configuration. */
  readonly retryable?: boolean;
}

/** The base of all errors here. `retryable` is true when waiting and calling again can help. */
export class LingpaiError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: LingpaiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/**
 * A setting or an argument is wrong. Thrown by the function that received it, before anything is
 * sent. `rule` names the broken rule, if it has a name.
 */
export class ConfigurationError extends LingpaiError {
  readonly rule: string | undefined;

  constructor(message: string, options: LingpaiErrorOptions & { readonly rule?: string } = {}) {
    super("CONFIGURATION", message, options);
    this.rule = options.rule;
  }
}

/**
 * The store did not answer, or refused for a reason of its own. It never means that a key is absent
 * or that a lock is free.
 *
 * `reason` is short and stable: `timeout`, `disconnected`, `readonly`, `loading`, `cluster-down`,
 * `out-of-memory`, `unauthorized`, `forbidden`, or `other`. Whether a write took effect is unknown
 * unless the reason says that it was refused.
 */
export class CacheUnavailableError extends LingpaiError {
  readonly reason: CacheUnavailableReason;

  constructor(
    message: string,
    options: LingpaiErrorOptions & { readonly reason?: CacheUnavailableReason } = {},
  ) {
    super("CACHE_UNAVAILABLE", message, { retryable: true, ...options });
    this.reason = options.reason ?? "other";
  }
}

export type CacheUnavailableReason =
  | "timeout"
  | "disconnected"
  | "readonly"
  | "loading"
  | "cluster-down"
  | "out-of-memory"
  | "unauthorized"
  | "forbidden"
  | "other";

/**
 * Something is stored under the key, but this process must not use it: it has another type or
 * another schema, its key id is unknown, or its authentication tag is wrong. That is not a miss:
 * nothing is fetched and nothing is overwritten.
 */
export class UnreadableEntryError extends LingpaiError {
  readonly key: string;
  readonly reason: "type" | "schema" | "key-id" | "tag" | "format";

  constructor(
    key: string,
    reason: UnreadableEntryError["reason"],
    message: string,
    options: LingpaiErrorOptions = {},
  ) {
    super("UNREADABLE_ENTRY", message, options);
    this.key = key;
    this.reason = reason;
  }
}

/** The object was closed. Construct a new one. */
export class ClosedError extends LingpaiError {
  constructor(what: string) {
    super("CLOSED", `${what} is closed. Construct a new one to go on.`);
  }
}

/** The lock was not granted within `waitMs`. Somebody else still holds it. */
export class LockTimeoutError extends LingpaiError {
  constructor(name: string, waitedMs: number, options: LingpaiErrorOptions = {}) {
    super(
      "LOCK_TIMEOUT",
      `The lock "${name}" was not granted within ${waitedMs} ms (waitMs). Wait longer, or find out who holds it.`,
      {
        retryable: true,
        ...options,
      },
    );
  }
}

/**
 * The lease ended while its holder still worked: it expired, another holder took it over, or the
 * store forgot it.
 */
export class LockLostError extends LingpaiError {
  readonly reason: LockLossReason;

  constructor(name: string, reason: LockLossReason, options: LingpaiErrorOptions = {}) {
    super(
      "LOCK_LOST",
      `The lease on "${name}" was lost (${reason}). Its holder's work may have overlapped with that of the next holder. Check that the work can be repeated, or set a longer ttlMs.`,
      {
        retryable: true,
        ...options,
      },
    );
    this.reason = reason;
  }
}

/**
 * `expired`: the local deadline passed. `refused`: the store says that this process is no longer
 * the holder. `suspended`: the machine slept.
 */
export type LockLossReason = "expired" | "refused" | "suspended";

/** A call chain that holds a lock asked for the same lock again. Waiting would never end. */
export class LockReenteredError extends LingpaiError {
  constructor(name: string) {
    super(
      "LOCK_REENTERED",
      `The lock "${name}" is already held by this call chain. Pass the lease down instead of acquiring it again.`,
    );
  }
}

/**
 * The store has no atomic operation on which a lock could be built. The text names a store that
 * has.
 */
export class LockUnsupportedError extends LingpaiError {
  constructor(message: string, options: LingpaiErrorOptions = {}) {
    super("LOCK_UNSUPPORTED", message, options);
  }
}

/**
 * Why there was no credential when the caller's waiting time ended.
 *
 * - `store`: the store does not answer.
 * - `wait`: another process holds the lease and has stored nothing yet.
 * - `drain`: the platform may still be processing an earlier request.
 * - `back-off`: the platform failed or refused, and the whole fleet waits before it asks again.
 * - `refused`: the platform refuses until somebody corrects something, such as a wrong secret.
 * - `governor`: there were too many replacements in a row.
 * - `forced`: the platform limits forced refreshes.
 * - `error`: the last attempt failed. `cause` is its error.
 */
export type CredentialUnavailableReason =
  | "store"
  | "wait"
  | "drain"
  | "back-off"
  | "refused"
  | "governor"
  | "forced"
  | "error";

/** There is no credential that may be sent now. `cause` is the last error that prevented one. */
export class CredentialUnavailableError extends LingpaiError {
  /** Undefined when none of these applies. The text and `cause` then say why. */
  readonly reason: CredentialUnavailableReason | undefined;
  /**
   * When trying again may help, in ms from now. After a refusal that somebody must correct, it is
   * the time at which Lingpai itself tries again. Undefined when trying again cannot help.
   */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: LingpaiErrorOptions & {
      readonly retryAfterMs?: number;
      readonly reason?: CredentialUnavailableReason;
    } = {},
  ) {
    super("CREDENTIAL_UNAVAILABLE", message, {
      retryable: options.retryAfterMs !== undefined,
      ...options,
    });
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Another environment owns this AppID. Fetching would kill its token, so nothing was fetched. */
export class CredentialConflictError extends LingpaiError {
  /** The label of the environment that holds the claim. */
  readonly claimedBy: string;

  constructor(message: string, claimedBy: string) {
    super("CREDENTIAL_CONFLICT", message);
    this.claimedBy = claimedBy;
  }
}

/**
 * The day's quota is used up, by the fleet's own count or by the platform's word. Nothing was sent.
 */
export class QuotaExhaustedError extends LingpaiError {
  /** When the platform's day ends, in ms from now. */
  readonly resetsInMs: number;
  /**
   * When one fetch may be sent again, in ms from now: at the end of the day, or sooner when the
   * platform refused and somebody may reset its quota.
   */
  readonly retryAfterMs: number;

  constructor(message: string, resetsInMs: number, retryAfterMs: number = resetsInMs) {
    super("QUOTA_EXHAUSTED", message, { retryable: true });
    this.resetsInMs = resetsInMs;
    this.retryAfterMs = retryAfterMs;
  }
}

/** While issuing a credential, an issuer asked for that same credential. */
export class RecursiveRefreshError extends LingpaiError {
  constructor(id: string) {
    super(
      "RECURSIVE_REFRESH",
      `The issuer of "${id}" asked for "${id}" while issuing it. An issuer may only use its parents' credentials.`,
    );
  }
}

/**
 * How an issuer's request ended, as far as the issuer knows.
 *
 * - `busy`: the platform refused, issued nothing and asks to try again after `retryAfterMs`.
 * - `unsent`: the request never left this machine (no route, no DNS, connection refused).
 * - `fatal`: the platform refused, and will refuse the same request until somebody corrects
 *   something, such as a wrong secret or an address missing from the allow-list. It is tried again
 *   after a minute, then every 7 to 9 minutes. {@link IssueError.scope} says by which nodes.
 * - `parent`: the platform refused the parent's credential.
 * - `input`: the platform refused the single-use input and issued nothing. Another input may be
 *   valid.
 * - `quota`: the platform's quota is used up, for `retryAfterMs` if the platform says how long.
 * - `unknown`: the platform may have processed the request: a timeout, a reset connection, a 5xx,
 *   an answer that makes no sense.
 */
export type IssueOutcome = "busy" | "unsent" | "fatal" | "parent" | "input" | "quota" | "unknown";

/**
 * The platform refused, or did not answer, a request for a credential. Its text never holds a
 * secret or a whole answer.
 */
export class IssueError extends LingpaiError {
  readonly outcome: IssueOutcome;
  /** The platform's own code, as text: `"40125"`. */
  readonly platformCode: string | undefined;
  /** How long to leave the platform alone, in ms. */
  readonly retryAfterMs: number | undefined;
  /**
   * Which nodes a `fatal` refusal concerns. `account`: every node with the same configuration; one
   * of them tries again for the fleet. `node`: the node that asked, because of its address; each
   * such node tries again for itself.
   */
  readonly scope: "account" | "node";

  constructor(
    outcome: IssueOutcome,
    message: string,
    options: LingpaiErrorOptions & {
      readonly platformCode?: string;
      readonly retryAfterMs?: number;
      /** @defaultValue "account" */
      readonly scope?: "account" | "node";
    } = {},
  ) {
    const known = outcome !== "unknown";
    super(known ? "ISSUE_REFUSED" : "ISSUE_FAILED", message, {
      retryable: outcome !== "fatal",
      ...options,
    });
    this.outcome = outcome;
    this.platformCode = options.platformCode;
    this.retryAfterMs = options.retryAfterMs;
    this.scope = options.scope ?? "account";
  }
}

/** True for any error with this code. `instanceof` would fail for an adapter with its own core. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
