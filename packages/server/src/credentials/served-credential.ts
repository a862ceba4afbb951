/** A credential under its reference, and its description for callers. All times are durations. */
import type { CallOptions, Clock, Credential } from "@lingpai/core";
import { ProblemError } from "../http/problem.ts";
import type { SdkName } from "../keys/key-document.ts";
import { CommitWaiters } from "./commit-waiters.ts";

export interface ServedCredential {
  readonly credential: Credential;
  /** Its name in URLs and keys. Any text. @defaultValue the credential's id */
  readonly ref?: string;
  /** Revokes a leaked credential: `revoke` of a WeChat client. Without it `revoke` is refused. */
  readonly revoke?: (options: CallOptions) => Promise<void>;
  /** Also serves it on the WeChat-shaped routes. */
  readonly wechat?: {
    readonly appId: string;
    /** The credential of a ticket, as `ticket` of a WeChat client returns it. */
    readonly ticket?: (type: "jsapi" | "wx_card") => Credential;
    /** The SDK of callers that ask for tickets, and of keys that name no SDK: see `sdkMargins`. */
    readonly sdk?: SdkName;
  };
}

export type CredentialState = "live" | "stale" | "doubt" | "suspect" | "none";

export interface CredentialSummary {
  readonly ref: string;
  readonly generation: number | undefined;
  readonly commitId: string | undefined;
  /** The rest of its lifetime, in ms. */
  readonly expiresInMs: number | undefined;
  /** The time until a newer one may exist, in ms. */
  readonly renewsInMs: number | undefined;
  readonly state: CredentialState;
  /** `store`: the store does not answer, and this replica's copy is served to its end. */
  readonly degraded?: "store";
}

export interface CredentialView extends CredentialSummary {
  readonly secret: string;
  readonly fingerprint: string;
  readonly commitId: string;
  readonly generation: number;
  readonly expiresInMs: number;
  readonly renewsInMs: number;
}

export interface Served extends ServedCredential {
  readonly ref: string;
  readonly waiters: CommitWaiters;
}

export function served(given: ServedCredential, clock: Clock): Served {
  const { credential } = given;
  return {
    ...given,
    ref: given.ref ?? credential.id,
    waiters: new CommitWaiters(credential, clock),
  };
}

/** Does no I/O. */
export function summaryOf({ ref, credential }: Served): CredentialSummary {
  const status = credential.status();
  const { generation, commitId, remainingMs, renewsInMs, isSuspect, inDoubt } = status;
  const state = isSuspect
    ? "suspect"
    : inDoubt
      ? "doubt"
      : status.state === "stale"
        ? "stale"
        : "live";
  const hasOne = status.state === "fresh" || status.state === "stale";
  return {
    ref,
    generation,
    commitId,
    expiresInMs: remainingMs === undefined ? undefined : Math.floor(remainingMs),
    renewsInMs,
    state: hasOne ? state : "none",
    ...(status.storeReachable === false && { degraded: "store" as const }),
  };
}

/**
 * Waits for a live credential, and describes it. The secret and its description are of one moment.
 * The caller is the request.
 *
 * @throws What {@link Credential.get} throws.
 */
export async function viewOf(given: Served, caller: CallOptions): Promise<CredentialView> {
  const { credential } = given;
  // What is in memory needs no signal, and a request makes its own only when asked for it.
  if (credential.peek() === undefined) await credential.get(caller);
  const secret = credential.peek();
  const { generation, commitId, expiresInMs, renewsInMs, ...rest } = summaryOf(given);
  const isWhole = secret !== undefined && generation !== undefined && commitId !== undefined;
  if (!isWhole || expiresInMs === undefined || renewsInMs === undefined)
    throw new ProblemError({
      status: 503,
      code: "unavailable",
      detail: "The credential went out of use while it was being handed out.",
      remedy: "Ask again.",
      obstacle: "wait",
      retryAfterMs: 1_000,
    });
  const { fingerprint } = secret;
  return {
    secret: secret.reveal(),
    fingerprint,
    generation,
    commitId,
    expiresInMs,
    renewsInMs,
    ...rest,
  };
}
