/**
 * The reasons why a caller waits for a credential, and the error that it gets when its time is
 * over.
 */
import {
  CredentialUnavailableError,
  type CredentialUnavailableReason,
  type LingpaiError,
} from "../errors.ts";
import type { Gate } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import { isIssueError } from "./issuer-call.ts";

export type BlockReason =
  /** Nothing can happen for this long. */
  | {
      readonly kind: "pause";
      readonly ms: number;
      readonly why: Exclude<Gate["why"], "open"> | "store" | "error";
      readonly cause?: unknown;
    }
  /** Another node is refreshing: a change will come, at the latest after this long. */
  | { readonly kind: "wait"; readonly ms: number; readonly detail?: string };

/** Called for each reason to wait. `toError` makes the error for a caller that waits no longer. */
export type OnBlocked = (block: BlockReason, toError: () => unknown) => void;

const texts: Readonly<Record<Extract<BlockReason, { kind: "pause" }>["why"], string>> = {
  drain: "an earlier request may still be processed by the platform",
  "back-off": "the platform failed or refused, and the fleet backs off",
  refused: "the platform refuses until a person mends the cause; Lingpai tries again by itself",
  governor:
    "the credential was refused, and today's budget for refused credentials, or for operators, is used up for now; if nobody asked for this, another environment uses this AppID",
  forced: "the platform limits forced refreshes",
  store: "the store cannot be reached",
  error: "the last attempt failed",
};

/**
 * Returns true when the next turn may succeed. Lasting refusals and configuration faults do not
 * pass.
 */
export function isPassing(error: unknown): boolean {
  if (isIssueError(error))
    return error.outcome === "busy" || error.outcome === "unsent" || error.outcome === "unknown";
  return hasCode(error) && (error.code === "LOCK_LOST" || error.code === "CACHE_UNAVAILABLE");
}

/**
 * Returns the error that a caller gets. Complete errors of this library stay as they are; others
 * become the cause.
 */
export function toCallerError(
  error: unknown,
  { local, context }: FleetNode,
  block?: BlockReason,
): unknown {
  const passes =
    hasCode(error) &&
    !isIssueError(error) &&
    error.code !== "LOCK_LOST" &&
    error.code !== "CACHE_UNAVAILABLE";
  if (passes && block === undefined) return error;
  const cause = error ?? (block?.kind === "pause" ? block.cause : undefined);
  const last = local.state?.failure?.code;
  const why =
    block === undefined
      ? textOf(error)
      : block.kind === "wait"
        ? (block.detail ?? "no node has stored one yet")
        : textFor(block);
  // A block reason does not name the refusal, not even in the process that saw it.
  const isNamed = block === undefined && isIssueError(error);
  const lastRefusal = last === undefined || isNamed ? "" : ` The last refusal was ${last}.`;
  const retryAfterMs =
    block?.kind === "pause"
      ? Math.ceil(block.ms)
      : isIssueError(error) && error.outcome === "fatal"
        ? error.retryAfterMs
        : 1_000;
  const reason = reasonOf(error, block);
  // A person must grant the missing rights of the store. The next call tries again all the same.
  if (hasCode(cause) && cause.code === "CACHE_UNAVAILABLE" && !cause.retryable)
    return new CredentialUnavailableError(
      `There is no live credential "${context.issuer.id}": ${textOf(cause)}.${lastRefusal}`,
      {
        cause,
        reason: "store",
      },
    );
  return new CredentialUnavailableError(
    `There is no live credential "${context.issuer.id}": ${why}.${lastRefusal}`,
    {
      cause,
      ...(reason && { reason }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

/** The refused credential stays: the platform hands it out again, or calls it alive. */
export class NotReplacedError extends CredentialUnavailableError {}

export function refusedButAlive(id: string): NotReplacedError {
  return new NotReplacedError(
    `The platform calls the credential "${id}" alive: the call was refused for another reason.`,
  );
}

export function handedOutAgain(id: string): NotReplacedError {
  return new NotReplacedError(
    `The platform hands out a credential "${id}" that it refuses, or that has expired. Check the platform's console, or wait until it expires.`,
  );
}

/** The store's own error names the setting that limits it. */
function textFor({ cause, why }: Extract<BlockReason, { kind: "pause" }>): string {
  return why === "store" && hasCode(cause) ? `${texts.store}: ${textOf(cause)}` : texts[why];
}

function reasonOf(
  error: unknown,
  block: BlockReason | undefined,
): CredentialUnavailableReason | undefined {
  if (block !== undefined) return block.kind === "wait" ? "wait" : block.why;
  if (hasCode(error) && error.code === "CACHE_UNAVAILABLE") return "store";
  return isPassing(error) ? "error" : undefined;
}

function hasCode(error: unknown): error is LingpaiError {
  return error instanceof Error && "code" in error && "retryable" in error;
}

function textOf(error: unknown): string {
  return hasCode(error) ? error.message.replace(/\.$/, "") : "an unexpected error";
}
