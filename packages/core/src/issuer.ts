/**
 * The interface that a provider implements: how a credential is requested, and what the platform
 * does to the one before.
 */
import type { Secret } from "./secret.ts";

/**
 * What an issue does to the credential issued before.
 *
 * - `supersede`: each issue makes a new one. The one before it lives at most `overlapMs` longer;
 *   older ones are dead.
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
   * True when the platform must replace a credential that it would otherwise hand out again
   * (`stable` only).
   */
  readonly forced: boolean;
  /** The stored credential, if there is one. */
  readonly current: { readonly secret: Secret; readonly nextInput: Secret | undefined } | undefined;
  /** `rotate` only: the input to send, from the store or from {@link Issuer.recover}. */
  readonly input?: Secret;
  /** The parent's live credential, when the issuer was given a parent. */
  readonly parent: Secret | undefined;
}

export interface Issued {
  /**
   * The credential itself: 1 to 16 384 visible ASCII characters. As a {@link Secret} it cannot be
   * printed by accident on its way to core. Core gives it its own fingerprint in any case.
   */
  readonly secret: Secret | string;
  /** The rest of its life, in ms, from the platform's answer on. */
  readonly expiresInMs: number;
  /**
   * The input of the next issue: a refresh token, for example. Opaque and secret. It is stored in
   * the same atomic write as the credential.
   */
  readonly nextInput?: Secret | string;
  /**
   * True when it may be older than the answer says, so that `expiresInMs` is short on purpose.
   * Reported as `age-unknown` when the credential is a new one.
   */
  readonly isAgeUnknown?: boolean;
}

/**
 * The origin of a credential, which decides where it may be sent. Opaque to core: a provider's
 * client reads it, so that no credential is sent to another platform.
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
  /** The origin of its credentials. Undefined: the issuer does not state one. */
  readonly origin?: CredentialOrigin;
  readonly policy: IssuePolicy;
  /**
   * How long a credential lives, in ms, as the platform documents it. The refresh windows depend on
   * it.
   */
  readonly lifetimeMs: number;
  /** What the platform grants, per its own day. Undefined: no limit is known. */
  readonly quota?: IssueQuota;
  /**
   * Asks the platform once. Throws {@link IssueError} for a known outcome. Any other error counts
   * as an unknown outcome: the platform may have issued.
   */
  issue(request: IssueRequest): Promise<Issued>;
  /**
   * `rotate` only: asks the platform which input works now, without consuming it. It is called
   * under the lease when no input is stored, when the platform refused the one that was sent
   * (`input`), and when the outcome of one is unknown and its grace is over. Throws as `issue`
   * does. Without this method, a credential whose input is lost has to be seeded again.
   */
  recover?(request: Pick<IssueRequest, "signal" | "parent">): Promise<Secret | string>;
  /**
   * Another issuer whose credentials serve the same calls, from a token space that nothing outside
   * it can reach. The whole fleet switches to it when `onContention` or an operator says so. The
   * credential's `parameters` hold for it too, except `advisoryMs`, `reconcileMs` and `quotaPerDay`.
   */
  readonly fallback?: Issuer;
  /** Asks the platform, cheaply and without side effects, whether this credential is alive. */
  probe?(secret: Secret, signal: AbortSignal): Promise<"alive" | "dead" | "unknown">;
  /**
   * Names the configuration that the platform judges, such as an AppSecret. Nodes with the same one
   * give the same text, others another one, and nobody can derive the secret from it. It is stored
   * beside a fatal refusal, which then concerns only nodes with this text. An empty text means: not
   * known yet. It is asked for only while a refusal stands, about once a second.
   */
  revision?(): string;
}

export interface IssueQuota {
  /** Issues per day. At least 20. */
  readonly perDay: number;
  /**
   * Where the platform's day begins: the offset of its time zone in ms. Asia/Shanghai is
   * 28_800_000.
   */
  readonly dayOffsetMs: number;
  /** Forced issues per day, and the shortest time between two, in ms. */
  readonly forced?: { readonly perDay: number; readonly gapMs: number };
}
