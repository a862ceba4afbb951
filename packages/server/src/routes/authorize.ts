/** Identifies the caller and checks the rights. A right that was not granted is denied. */
import type { KeyRecord, Right } from "../keys/key-document.ts";
import { hasRight } from "../keys/key-rights.ts";
import type { Served } from "../credentials/served-credential.ts";
import { badRequest } from "../http/read-body.ts";
import { ProblemError } from "../http/problem.ts";
import { requireSameOrigin } from "../sessions/same-origin.ts";
import type { Session } from "../sessions/session-store.ts";
import type { RouteContext } from "./context.ts";

const headerMax = 512;

/**
 * @throws {ProblemError} 400 for a malformed header, 401 without a valid key, 429 above the key's
 *   rate.
 */
export async function keyOf(request: Request, context: RouteContext): Promise<KeyRecord> {
  const header = request.headers.get("authorization");
  if (header === null) throw unauthorized("There is no Authorization header.");
  // Node joins two headers of this name with a comma.
  if (header.length > headerMax || !/^[A-Za-z]+ [\x21-\x2b\x2d-\x7e]+$/.test(header))
    throw badRequest("The Authorization header has not the form `Bearer KEY`, once.");
  const [, text] = /^Bearer (\S+)$/i.exec(header) ?? [];
  const key = text === undefined ? undefined : await context.keys.verify(text);
  if (key === undefined) throw unauthorized("The server key is not valid.");
  countRequest(key, context);
  return key;
}

/** The caller: a key, or a person who signed in with it. */
export interface Caller {
  readonly key: KeyRecord;
  readonly session?: Session | undefined;
}

/**
 * Returns the caller of a route that shows no secret, by key or by a session's cookie. Routes that
 * return tokens use {@link keyOf} instead, so that no page in a browser can get a token.
 *
 * @throws {ProblemError} also 403 if a session's changing request does not come from the page.
 */
export async function callerOf(request: Request, context: RouteContext): Promise<Caller> {
  const { sessions } = context;
  if (sessions === undefined || request.headers.has("authorization"))
    return { key: await keyOf(request, context) };
  const session = await sessions.find(request);
  if (session === undefined)
    throw unauthorized("There is no Authorization header, and no session.");
  if (request.method !== "GET" && request.method !== "HEAD") requireSameOrigin(request);
  countRequest(session.key, context);
  return { key: session.key, session };
}

/** @throws {ProblemError} 429. */
export function countRequest(key: KeyRecord, { rates }: RouteContext): void {
  const retryAfterMs = rates.take(key.id, key.perSecond);
  if (retryAfterMs === 0) return;
  throw new ProblemError({
    status: 429,
    code: "too-many-requests",
    detail: `This replica answers the key ${key.perSecond} requests a second.`,
    remedy: "Ask with `wait`, keep a copy until `renewsInMs`, or raise the key's rate.",
    obstacle: "rate-limit",
    retryAfterMs,
  });
}

/**
 * Returns the credential of this reference. A key without the right to it does not learn whether it
 * exists.
 *
 * @throws {ProblemError} 403, 404.
 */
export function credentialFor(
  key: KeyRecord,
  needed: readonly Right[],
  ref: string,
  { audit, credentials }: RouteContext,
): Served {
  const missing = needed.find((right) => !hasRight(key, right, ref));
  if (missing !== undefined) {
    // Only existing names, because a caller could otherwise fill the audit.
    audit.note({ act: "refused", key, ref: credentials.has(ref) ? ref : "", detail: missing });
    throw forbidden(missing);
  }
  const found = credentials.get(ref);
  if (found !== undefined) return found;
  throw new ProblemError({
    status: 404,
    code: "unknown-credential",
    detail: "This server has no credential of this reference.",
    remedy: "GET /v1/credentials lists those that this key may read.",
  });
}

export function forbidden(right: Right): ProblemError {
  return new ProblemError({
    status: 403,
    code: "forbidden",
    detail: `The server key has no right to \`${right}\` this.`,
    remedy: "Use another key, or have one made with this right and reference.",
  });
}

export function unauthorized(detail: string): ProblemError {
  return new ProblemError({
    status: 401,
    code: "unauthorized",
    detail,
    remedy: "Send `Authorization: Bearer lp_…` with a key that was not revoked.",
    headers: { "www-authenticate": "Bearer" },
  });
}

/**
 * Takes a place for an open poll or stream. Returns a function that returns it.
 *
 * @throws {ProblemError} 429 if the key has its maximum, 503 if the replica has.
 */
export function placeFor(
  what: "waits" | "streams",
  key: KeyRecord,
  { places }: RouteContext,
): () => void {
  const taken = places[what].take(key.id);
  if (typeof taken === "function") return taken;
  const retry = { obstacle: what, retryAfterMs: 5_000 };
  if (taken === "key")
    throw new ProblemError({
      status: 429,
      code: "too-many-requests",
      detail: `This replica has as many open ${what} of the key as one key may have.`,
      remedy: "End some of them, or give each service a key of its own.",
      ...retry,
    });
  throw new ProblemError({
    status: 503,
    code: "unavailable",
    detail: `This replica has as many open ${what} as it takes.`,
    remedy: "Ask another replica, or without `wait`.",
    ...retry,
  });
}

/** A signal for streams and long polls. It aborts when the request, the key or the server ends. */
export interface Lasting {
  readonly signal: AbortSignal;
  /** True if the key ended. */
  readonly isKeyGone: boolean;
  release(): void;
}

export function lasting(
  request: Request,
  { key, session }: Caller,
  context: RouteContext,
): Lasting {
  const ended = new AbortController();
  const state = { isKeyGone: false };
  const drop = context.keys.hold(key, () => {
    state.isKeyGone = true;
    ended.abort();
  });
  const end = (): void => ended.abort();
  const leave = session === undefined ? undefined : context.sessions?.hold(session, end);
  request.signal.addEventListener("abort", end, { once: true });
  const stay = context.closing.hold(end);
  if (request.signal.aborted) end();
  return {
    signal: ended.signal,
    get isKeyGone() {
      return state.isKeyGone;
    },
    release() {
      drop();
      leave?.();
      request.signal.removeEventListener("abort", end);
      stay();
    },
  };
}

export function keyGone(): ProblemError {
  return unauthorized("The server key was revoked or changed meanwhile.");
}
