/**
 * Redis over HTTP as Upstash documents it (https://upstash.com/docs/redis/features/restapi, read
 * 2026-11): a command is a JSON array in the body of a POST, and the answer is `{ result }` or
 * `{ error }`. Strings are requested in base64, so that no byte of them is lost.
 */
import { CacheUnavailableError, ConfigurationError, requireObject } from "@lingpai/core";
import { createWaitQueue } from "@lingpai/core/driver";
import type { CacheUnavailableReason, Clock } from "@lingpai/core";
import type { RedisPort } from "@lingpai/redis";

/** The address of a database, and its token. */
export interface UpstashDatabase {
  /** `UPSTASH_REDIS_REST_URL`: https, or http on this machine. */
  readonly url: string;
  /** `UPSTASH_REDIS_REST_TOKEN`: not the read-only one. */
  readonly token: string;
  /** @defaultValue the platform's `fetch` */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface RestSettings {
  readonly clock: Clock;
  /** How long callers wait for one operation, in ms. */
  readonly deadlineMs: number;
}

/** The minimum time for a request, in ms, however small the deadline. */
const requestMinMs = 1000;

/** @throws {ConfigurationError} `CONFIGURATION` (`client`) for an invalid address or token. */
export function restPort(
  database: UpstashDatabase,
  { clock, deadlineMs }: RestSettings,
): RedisPort {
  requireDatabase(database);
  const { url, token, fetch = globalThis.fetch } = database;
  const limitMs = Math.max(2 * deadlineMs, requestMinMs);
  /**
   * The state after this client's last write, so that a replica does not answer from an older one.
   */
  let syncToken = "";
  const queue = createWaitQueue();

  const send = async (command: readonly unknown[], signal: AbortSignal): Promise<unknown> => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "upstash-encoding": "base64",
        ...(syncToken !== "" && { "upstash-sync-token": syncToken }),
      },
      body: JSON.stringify(command),
      // Sent to this address only, because no other host may see the command's values.
      redirect: "error",
      signal,
    }).catch(asUnavailable);
    syncToken = response.headers.get("upstash-sync-token") ?? syncToken;
    return resultOf(response.status, await response.text().catch(asUnavailable));
  };

  /**
   * Requests may overtake each other, so those on one name are sent one after the other. There are
   * a few lanes, because fetch itself opens as many connections as there are requests. A request
   * without an answer ends at its limit, together with all that waited for it until then.
   */
  const run = async (name: string, command: readonly unknown[]): Promise<unknown> => {
    const startMs = clock.monotonicMs();
    const limit = new AbortController();
    const cancel = clock.setTimer(limitMs, () => limit.abort(noAnswer(limitMs)), {
      background: true,
    });
    try {
      const end = await queue.turn(laneOf(name), limit.signal);
      // The previous request may have ended at the limit of both.
      const isLate = clock.monotonicMs() - startMs >= limitMs;
      const sent = isLate ? Promise.reject(noAnswer(limitMs)) : send(command, limit.signal);
      return await sent.finally(end);
    } finally {
      cancel();
    }
  };

  return {
    kind: "Upstash",
    isCluster: false,
    keyPrefix: "",
    // Node publishes in pieces what fetch sends and receives (seen in Node 24, 2026-11).
    traceChannels: ["undici:request:bodyChunkSent", "undici:request:bodyChunkReceived"],
    evalsha: ({ sha }, keys, args) =>
      run(keys[0] ?? "", ["EVALSHA", sha, keys.length, ...keys, ...args]),
    eval: ({ text }, keys, args) =>
      run(keys[0] ?? "", ["EVAL", text, keys.length, ...keys, ...args]),
    primaries: () => [{ command: (...parts) => run("", parts) }],
  };
}

/** The most requests in flight, and so the most connections. */
const lanes = 64;

function laneOf(name: string): string {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) hash = (31 * hash + name.charCodeAt(at)) | 0;
  return String(Math.abs(hash) % lanes);
}

function requireDatabase(database: UpstashDatabase): void {
  requireObject("The database", database);
  const { url, token } = database;
  const address = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  const isSafe =
    address?.protocol === "https:" ||
    (address?.protocol === "http:" &&
      /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(address.hostname));
  if (!isSafe)
    throw new ConfigurationError(
      "The database's url must begin with https:// (http:// on this machine only): copy UPSTASH_REDIS_REST_URL, not the redis:// address.",
      { rule: "client" },
    );
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))
    throw new ConfigurationError(
      "The database's token is missing: copy UPSTASH_REDIS_REST_TOKEN.",
      {
        rule: "client",
      },
    );
}

/**
 * @throws an error with the server's text, which only `@lingpai/redis` may read and nothing may
 *   show.
 */
function resultOf(status: number, text: string): unknown {
  if (status === 401)
    throw unavailable(
      "unauthorized",
      "did not accept the token. Correct UPSTASH_REDIS_REST_TOKEN",
      false,
    );
  const answer = parsed(text);
  if (answer !== undefined && typeof answer["error"] === "string") throw new Error(answer["error"]);
  if (status === 200 && answer !== undefined && "result" in answer)
    return decoded(answer["result"]);
  throw unavailable("other", `answered with the HTTP status ${status}, and not as Redis does`);
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? { ...answer } : undefined;
  } catch {
    return undefined;
  }
}

/** Every string is in base64, except the status OK, which is not. */
function decoded(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(decoded);
  return typeof result === "string" && result !== "OK"
    ? Buffer.from(result, "base64").toString()
    : result;
}

/** An error of fetch says little, and may contain the request. Our own reason is passed on. */
function asUnavailable(error: unknown): never {
  if (error instanceof CacheUnavailableError) throw error;
  throw unavailable(
    "disconnected",
    "is not reachable. Check its address and this machine's network",
  );
}

function noAnswer(limitMs: number): CacheUnavailableError {
  return unavailable(
    "timeout",
    `did not answer within ${limitMs} ms (twice deadlineMs, and at least ${requestMinMs})`,
  );
}

function unavailable(
  reason: CacheUnavailableReason,
  text: string,
  retryable: boolean = true,
): CacheUnavailableError {
  return new CacheUnavailableError(`Redis (Upstash) ${text}.`, { reason, retryable });
}
