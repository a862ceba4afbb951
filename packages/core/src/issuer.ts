/**
 * What a provider writes: how a credential is asked for, and what the platform does to the one
 * before.
 */
import type { Secret } from "./secret.ts";

/**
 * What issuing does to the credential issued before.
 *
 * - `supersede`: each issue makes a new one. The one before it lives at most `overlapMs` longer; older
 *   ones are dead.
 * - `stable`: the same one comes back until less than `renewWithinMs` is left, then a new one, both
 *   valid to the old one's end.
 * - `sliding`: the same one comes back and lives longer.
 * - `rotate`: each issue consumes a single-use input (a refresh token) that `Issued.nextInput`
 *   replaces; the old credential lives `overlapMs` longer, a consumed input works `inputGraceMs`
 *   longer (default: `overlapMs`).
 */
export type IssuePolicy =
  | { readonly kind: "supersede"; readonly overlapMs: number }
  | { readonly kind: "stable"; readonly renewWithinMs: number }
  | { readonly kind: "sliding" }
  | { readonly kind: "rotate"; readonly overlapMs: number; readonly inputGraceMs?: number };

/** Why a refresh happens. */
export type RefreshReason =
  | "cold"
  | "advisory"
  | "mandatory"
  | "expired"
  | "rejected"
  | "reconcile"
  | "manual";

export interface IssueRequest {
  /** Aborts at the fetch deadline. */
  readonly signal: AbortSignal;
  readonly reason: RefreshReason;
  /**
   * Whether the platform must replace a credential that it would otherwise hand out again (`stable`
   * only).
   */
  readonly forced: boolean;
  /** What the store holds now, when it holds something. */
  readonly current: { readonly secret: Secret; readonly nextInput: Secret | undefined } | undefined;
  /**
   * `rotate` only: what to send. What is stored beside the credential, or what
   * {@link Issuer.recover} gave.
   */
  readonly input?: Secret;
  /** The parent's live credential, when the issuer was given a parent. */
  readonly parent: Secret | undefined;
}

export interface Issued {
  /** The credential itself: 1 to 16 384 visible ASCII characters. */
  readonly secret: string;
  /** What is left of its life, in ms, counted by the platform when it answered. */
  readonly expiresInMs: number;
  /**
   * Opaque, secret, stored in the same atomic write and handed to the next issue: a refresh token,
   * say.
   */
  readonly nextInput?: string;
  /**
   * Whether it may be older than the answer says, so that `expiresInMs` is short on purpose;
   * reported as `age-unknown` when the credential is a new one.
   */
  readonly isAgeUnknown?: boolean;
}

/**
 * Where a credential is from, and so where it may be sent. Opaque to core: a provider's client
 * reads it, so that a credential of one platform never leaves for another.
 */
export interface CredentialOrigin {
  /** The platform's name, in the provider's own words: `"wecom"`. */
  readonly platform: string;
  /** The base URL that it was fetched from, without a slash at its end. */
  readonly baseUrl: string;
}

export interface Issuer {
  /**
   * Stable, names the credential across the fleet, holds no secret:
   * `"wechat:plain:wx0123456789abcdef"`.
   */
  readonly id: string;
  /** Where its credentials are from. Undefined: the issuer does not say. */
  readonly origin?: CredentialOrigin;
  readonly policy: IssuePolicy;
  /**
   * How long a credential lives, in ms, as the platform documents it: what the windows are planned
   * with.
   */
  readonly lifetimeMs: number;
  /** What the platform grants, per its own day. Undefined: no limit is known. */
  readonly quota?: IssueQuota;
  /**
   * Asks the platform once. Throws {@link IssueError} for a known outcome; anything else thrown
   * counts as an unknown outcome: the platform may have issued.
   */
  issue(request: IssueRequest): Promise<Issued>;
  /**
   * `rotate` only: asks the platform which input works now, without consuming it. Asked under the
   * lease when none is stored, when the one that was sent was refused (`input`), and when one was
   * sent, its outcome is unknown and its grace is over. Throws as `issue` does. Without it, a
   * credential whose input is lost has to be seeded again.
   */
  recover?(request: Pick<IssueRequest, "signal" | "parent">): Promise<string>;
  /**
   * Another issuer whose credentials serve the same calls, from a token space that nothing outside
   * it can reach. A fleet at war takes it, all nodes at once, where `onContention` or an operator
   * says so.
   */
  readonly fallback?: Issuer;
  /** Asks the platform, cheaply and without side effects, whether this credential is alive. */
  probe?(secret: Secret, signal: AbortSignal): Promise<"alive" | "dead" | "unknown">;
  /**
   * Names the configuration that the platform judges, an AppSecret say: the same text on all nodes
   * that have the same one, another for another, and nothing that the secret could be found from.
   * It is stored beside a fatal refusal, which then concerns the nodes with this text alone. An
   * empty text is: not known yet.
   */
  revision?(): string;
}

export interface IssueQuota {
  /** Issues a day. At least 20. */
  readonly perDay: number;
  /**
   * Where the platform's day begins: the offset of its time zone in ms. Asia/Shanghai is
   * 28_800_000.
   */
  readonly dayOffsetMs: number;
  /** Forced issues a day, and the least time between two, in ms. */
  readonly forced?: { readonly perDay: number; readonly gapMs: number };
}
