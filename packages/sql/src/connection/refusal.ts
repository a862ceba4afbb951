/**
 * Reduces a database's error to the parts that may be shown. Statements, and with them values, stay
 * out of texts, properties and causes.
 */
import { CacheUnavailableError } from "@lingpai/core";
import type { CacheUnavailableReason } from "@lingpai/core";

/** The database's own code: a short text without the caller's data. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return /^[\w-]{1,60}$/.test(String(error.code)) ? String(error.code) : "";
}

/**
 * The caller's error, by the codes that this store documents. Undefined leaves it to core, which
 * knows the network's codes.
 */
export function refusal(
  kind: string,
  error: unknown,
  reasons: ReadonlyMap<string, CacheUnavailableReason>,
  own: Remedies = {},
): CacheUnavailableError | undefined {
  const code = codeOf(error);
  const reason = reasons.get(code);
  if (reason === undefined) return undefined;
  const { remedy, retryable } = remedies[reason];
  return new CacheUnavailableError(
    `The store (${kind}) refused: ${code}. ${own[reason] ?? remedy}`,
    { reason, retryable },
  );
}

/** The remedy, if the store has a better one: a file has no primary to connect to. */
export type Remedies = { readonly [reason in CacheUnavailableReason]?: string };

const remedies: Readonly<
  Record<CacheUnavailableReason, { readonly remedy: string; readonly retryable: boolean }>
> = {
  timeout: { remedy: "It is busy; try again, and look for a long transaction.", retryable: true },
  disconnected: { remedy: "Check that it is up and reachable.", retryable: true },
  readonly: { remedy: "Connect to the primary.", retryable: true },
  loading: { remedy: "It is starting; try again.", retryable: true },
  "cluster-down": { remedy: "It has no leader; check its members.", retryable: true },
  "out-of-memory": { remedy: "Give it room.", retryable: true },
  unauthorized: { remedy: "Check the user and its password.", retryable: false },
  forbidden: { remedy: "Grant its user the rights that the README lists.", retryable: false },
  other: { remedy: "Look into its log.", retryable: true },
};
