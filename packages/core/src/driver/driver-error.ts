/** Turns an error that a driver throws into an error of this library. */
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
 * The errors of this library that a driver may throw. Recognised by code, because an adapter may
 * bring a second copy of this package with classes of its own.
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
 * With these reasons the store itself refused, and did nothing. With other reasons the outcome is
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

/** Returns true when the store itself refused, and so did nothing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "reason" in error && refusals.has(error.reason);
}

/**
 * Returns errors of this library unchanged. Of any other error it keeps only the name and, for the
 * network's codes, a reason: a driver's error may contain the command, and so the value, in its
 * text, its properties or its cause.
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
