/** One request to a token server: its deadline, and the meaning of its response. */
import { waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { readText } from "./read-text.ts";

export interface ServerBody {
  readonly secret: string;
  readonly fingerprint: string;
  readonly generation: number;
  readonly commitId: string;
  readonly expiresInMs: number;
  readonly renewsInMs: number;
  readonly replaced?: boolean;
  readonly wasReplaced?: boolean;
}

export type ServerAnswer =
  | { readonly kind: "body"; readonly body: ServerBody; readonly sentAtMs: number }
  | { readonly kind: "same"; readonly expiresInMs: number; readonly sentAtMs: number }
  | { readonly kind: "done" }
  /**
   * `isFinal`: a token server refuses the request until somebody mends something. `isOfReplica`:
   * another replica may know the key or the reference. `isCut`: a proxy or the network ended it.
   */
  | {
      readonly kind: "failed";
      readonly isFinal: boolean;
      readonly isOfReplica?: boolean;
      readonly isCut?: boolean;
      readonly detail: string;
      readonly retryAfterMs: number;
    };

export interface ServerRequest {
  readonly url: string;
  readonly key: () => string | Promise<string>;
  readonly method: "GET" | "POST";
  readonly body?: object;
  readonly commitId?: string | undefined;
  /** The time from the sending to the end of the body, in ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface CallMeans {
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

const bodyMax = 64 * 1_024;
const finalStatuses: readonly number[] = [400, 401, 403, 404, 405, 409, 415, 422];
/** Replicas may have read other keys, or serve another configuration, while one is rolled out. */
const replicaStatuses: readonly number[] = [401, 403, 404];

/** Never rejects. */
export async function callServer(
  { body, commitId, key, method, signal, timeoutMs, url }: ServerRequest,
  { clock, fetch }: CallMeans,
): Promise<ServerAnswer> {
  const sentAtMs = clock.monotonicMs();
  const ended = new AbortController();
  const giveUp = (): ServerAnswer => {
    ended.abort();
    return failed("it did not answer in time");
  };
  if (signal.aborted) return giveUp();
  const asked = async (): Promise<ServerAnswer> => {
    const text = await keyText(key);
    if (text === undefined) return failed("there is no key");
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${text}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(commitId !== undefined && { "if-none-match": `"${commitId}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // Followed nowhere: the key is for this address alone.
      redirect: "manual",
      signal: ended.signal,
    });
    return read(response, sentAtMs);
  };
  return waitFor(
    asked().catch(() => ({ ...failed("it cannot be reached"), isCut: true })),
    {
      deadline: { clock, ms: timeoutMs, onLate: giveUp, timer: { background: true } },
      signals: [signal],
    },
  ).catch(giveUp);
}

async function read(response: Response, sentAtMs: number): Promise<ServerAnswer> {
  const { headers, status } = response;
  if (status === 204) return { kind: "done" };
  if (status === 304) {
    const expiresInMs = Number(headers.get("lingpai-expires-in-ms") ?? Number.NaN);
    if (expiresInMs >= 0) return { kind: "same", expiresInMs, sentAtMs };
    return failed("its answer has no Lingpai-Expires-In-Ms");
  }
  const text = await readText(response, bodyMax);
  if (status === 200) {
    const body = text === undefined ? undefined : bodyOf(text);
    return body === undefined
      ? failed("its answer is no credential")
      : { kind: "body", body, sentAtMs };
  }
  const seconds = Number(headers.get("retry-after") ?? "0");
  const retryAfterMs = seconds > 0 && seconds < 86_400 ? seconds * 1_000 : 0;
  // What a proxy says, 404 while no replica is up, is no refusal; and of its text nothing is shown.
  const code = /"type":"urn:lingpai:problem:([a-z-]{1,40})"/.exec(text ?? "")?.[1];
  const detail = `it answered ${status}${code === undefined ? "" : ` (${code})`}`;
  return {
    kind: "failed",
    isFinal: code !== undefined && finalStatuses.includes(status),
    isOfReplica: replicaStatuses.includes(status),
    isCut: code === undefined,
    detail,
    retryAfterMs,
  };
}

async function keyText(key: ServerRequest["key"]): Promise<string | undefined> {
  try {
    return await key();
  } catch {
    return undefined;
  }
}

function failed(detail: string): Extract<ServerAnswer, { kind: "failed" }> {
  return { kind: "failed", isFinal: false, detail, retryAfterMs: 0 };
}

function bodyOf(text: string): ServerBody | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { secret, fingerprint, generation, commitId, expiresInMs, renewsInMs } =
    value as Partial<ServerBody>;
  const isBody =
    typeof secret === "string" &&
    /^[\x21-\x7e]{1,16384}$/.test(secret) &&
    typeof fingerprint === "string" &&
    /^[\w-]{16}$/.test(fingerprint) &&
    typeof commitId === "string" &&
    /^[\w-]{1,64}$/.test(commitId) &&
    Number.isSafeInteger(generation) &&
    isDuration(expiresInMs) &&
    isDuration(renewsInMs);
  return isBody ? (value as ServerBody) : undefined;
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 366 * 86_400_000;
}
