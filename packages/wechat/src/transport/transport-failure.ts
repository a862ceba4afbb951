/** Decides from the error of a failed request whether the request was sent. */

/** Failures before the first byte of a request is written. */
const beforeSend = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ENETDOWN",
  "ERR_INVALID_URL",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_PRX_TLS",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

export interface TransportFailure {
  /** `unsent`: nothing was written. `unknown`: the platform may have processed the request. */
  readonly outcome: "unsent" | "unknown";
  /**
   * The system's error code, if it has the form of one. Nothing else of the failure may be shown:
   * it can contain the URL, and the URL can contain the secret.
   */
  readonly code: string | undefined;
}

/**
 * Reads the error of `fetch`: its causes, and the attempts on each address if there were several.
 */
export function transportFailure(error: unknown): TransportFailure {
  const leaves = causes(error, 0);
  const codes = leaves.map(codeOf);
  const unsent = leaves.length > 0 && leaves.every((leaf) => isBeforeSend(leaf));
  return { outcome: unsent ? "unsent" : "unknown", code: codes.find((code) => code !== undefined) };
}

function causes(error: unknown, depth: number): unknown[] {
  if (depth > 4 || typeof error !== "object" || error === null) return [error];
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.flatMap((each: unknown) => causes(each, depth + 1));
  if ("cause" in error && error.cause !== undefined) return causes(error.cause, depth + 1);
  return [error];
}

/**
 * Undici's text when a proxy refused to connect to the platform (`lib/dispatcher/proxy-agent.js`,
 * 7.x). Nothing was sent.
 */
const refusedByProxy = /^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling$/;

function proxyStatus(leaf: unknown): string | undefined {
  return leaf instanceof Error ? refusedByProxy.exec(leaf.message)?.[1] : undefined;
}

function isBeforeSend(leaf: unknown): boolean {
  if (proxyStatus(leaf) !== undefined) return true;
  const code = codeOf(leaf);
  if (code === undefined) return false;
  if (code === "ETIMEDOUT")
    return (
      typeof leaf === "object" && leaf !== null && "syscall" in leaf && leaf.syscall === "connect"
    );
  return beforeSend.has(code);
}

function codeOf(leaf: unknown): string | undefined {
  const status = proxyStatus(leaf);
  if (status !== undefined) return `PROXY_${status}`;
  if (typeof leaf !== "object" || leaf === null || !("code" in leaf)) return undefined;
  return typeof leaf.code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(leaf.code)
    ? leaf.code
    : undefined;
}
