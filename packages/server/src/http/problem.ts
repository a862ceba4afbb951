/** The errors of a request, in the form of RFC 9457 (Problem Details for HTTP APIs, July 2023). */
import { noStore } from "./no-store.ts";
import type { CredentialUnavailableError, LingpaiError, QuotaExhaustedError } from "@lingpai/core";

export type ProblemCode =
  | "bad-request"
  | "unauthorized"
  | "forbidden"
  | "cross-site"
  | "unknown-credential"
  | "unknown-key"
  | "not-found"
  | "method-not-allowed"
  | "body-too-slow"
  | "body-too-large"
  | "unsupported-media-type"
  | "claimed-elsewhere"
  | "not-supported"
  | "too-many-requests"
  | "unavailable"
  | "internal";

export interface Problem {
  readonly status: number;
  readonly code: ProblemCode;
  /** The cause, in a sentence, without secrets. */
  readonly detail: string;
  readonly remedy: string;
  /** The obstacle, for 429 and 503: `store`, `quota`, `rate-limit`, `back-off`, … */
  readonly obstacle?: string;
  readonly retryAfterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const titles: Readonly<Record<ProblemCode, string>> = {
  "bad-request": "The request cannot be read",
  unauthorized: "No valid server key",
  forbidden: "The server key may not do this",
  "cross-site": "Another site may not use a session",
  "unknown-credential": "No such credential",
  "unknown-key": "No such key",
  "not-found": "No such route",
  "method-not-allowed": "This route has other methods",
  "body-too-slow": "The body did not arrive in time",
  "body-too-large": "The body is too large",
  "unsupported-media-type": "The body must be JSON",
  "claimed-elsewhere": "Another environment owns the credential",
  "not-supported": "The credential cannot do this",
  "too-many-requests": "Too many requests",
  unavailable: "No credential can be given now",
  internal: "The server failed",
};

/** Thrown by a route. The handler responds with it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

export function problemResponse({
  status,
  code,
  detail,
  remedy,
  obstacle,
  retryAfterMs,
  headers = {},
}: Problem): Response {
  const body = {
    type: `urn:lingpai:problem:${code}`,
    title: titles[code],
    status,
    code,
    detail,
    remedy,
    ...(obstacle !== undefined && { obstacle }),
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.round(retryAfterMs) }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...noStore,
      ...(retryAfterMs !== undefined && { "retry-after": retryAfterSeconds(retryAfterMs) }),
      ...headers,
    },
  });
}

/** Whole seconds, rounded up and never 0, because a client would then retry at once. */
function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}

const again = "Ask again after Retry-After.";
/** The wait if no other is known. */
const retryMs = 1_000;

/**
 * The problem that a caller sees for an error. Only Lingpai's own texts are shown, because they
 * contain no secret.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { code, message } = error as Partial<LingpaiError>;
  if (!(error instanceof Error) || typeof message !== "string") return internal;
  switch (code) {
    case "CREDENTIAL_UNAVAILABLE": {
      const { reason, retryAfterMs } = error as CredentialUnavailableError;
      return unavailable(message, reason ?? "error", retryAfterMs);
    }
    case "QUOTA_EXHAUSTED":
      return unavailable(message, "quota", (error as QuotaExhaustedError).retryAfterMs);
    case "CACHE_UNAVAILABLE":
    case "UNREADABLE_ENTRY":
      return unavailable(message, "store", retryMs);
    case "CLOSED":
      return unavailable(message, "closed", retryMs);
    case "LOCK_TIMEOUT":
    case "LOCK_LOST":
      return unavailable(message, "wait", retryMs);
    case "ISSUE_FAILED":
    case "ISSUE_REFUSED":
      return unavailable(message, "platform", retryMs);
    case "CREDENTIAL_CONFLICT":
      return {
        status: 409,
        code: "claimed-elsewhere",
        detail: message,
        remedy: "Give each environment an AppID of its own, or let one of them consume.",
      };
    case "CONFIGURATION":
      return { status: 422, code: "not-supported", detail: message, remedy: "See the text." };
    default:
      return internal;
  }
}

const internal: Problem = {
  status: 500,
  code: "internal",
  detail: "The server failed for a reason that is not shown here.",
  remedy: "Look at what the server reported to onError at this time.",
};

function unavailable(detail: string, obstacle: string, retryAfterMs: number = 60_000): Problem {
  return { status: 503, code: "unavailable", detail, remedy: again, obstacle, retryAfterMs };
}
