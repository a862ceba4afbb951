/** What becomes of an error that a driver throws. */
import { CacheUnavailableError, LingpaiError } from "../errors.ts";
import type { CacheUnavailableReason, ErrorCode } from "../errors.ts";

const reasonsByCode: ReadonlyMap<string, CacheUnavailableReason> = new Map([
  ["ETIMEDOUT", "timeout"],
  ["ECONNREFUSED", "disconnected"],
  ["ECONNRESET", "disconnected"],
  ["ECONNABORTED", "disconnected"],
  ["EPIPE", "disconnected"],
  ["ENOTFOUND", "disconnected"],
  ["EAI_AGAIN", "disconnected"],
  ["EHOSTUNREACH", "disconnected"],
  ["ENETUNREACH", "disconnected"],
]);

/**
 * What a driver may throw of ours. Told by code, because an adapter may bring a second copy of this
 * package with classes of its own.
 */
const ownCodes: ReadonlySet<unknown> = new Set<ErrorCode>([
  "CACHE_UNAVAILABLE",
  "UNREADABLE_ENTRY",
  "CONFIGURATION",
  "CLOSED",
  "LOCK_UNSUPPORTED",
]);

function isOwn(error: unknown): error is LingpaiError {
  if (error instanceof LingpaiError) return true;
  return (
    error instanceof Error &&
    "code" in error &&
    ownCodes.has(error.code) &&
    "retryable" in error &&
    typeof error.retryable === "boolean"
  );
}

/**
 * With these reasons the store itself refused, so it did nothing; with the others what it did is
 * unknown.
 */
const refusals: ReadonlySet<unknown> = new Set<CacheUnavailableReason>([
  "readonly",
  "loading",
  "cluster-down",
  "out-of-memory",
  "unauthorized",
  "forbidden",
]);

/** Whether the store said itself that it did not do what it was asked for. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "reason" in error && refusals.has(error.reason);
}

/**
 * Our own errors as they are; of any other only its name and, for the network's codes, a reason. A
 * driver's error may carry the command and with it the value, in its text, its properties or its
 * cause: none of these is kept.
 */
export function asLingpaiError(error: unknown, kind: string): LingpaiError {
  if (isOwn(error)) return error;
  const name =
    error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : "unknown error";
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const reason = reasonsByCode.get(code) ?? "other";
  const detail = reason === "other" ? name : `${name}, ${code}`;
  return new CacheUnavailableError(
    `The store (${kind}) failed: ${detail}. Check that it is up and that its client is connected.`,
    {
      reason,
    },
  );
}
