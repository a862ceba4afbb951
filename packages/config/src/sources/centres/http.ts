/**
 * HTTP for configuration centres: checked URLs, deadlines, bounded bodies, errors that show no
 * secret.
 */
import { ConfigurationError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { textBytesMax } from "../../text/read-text.ts";
import { requireName } from "../source-options.ts";
import { keepNoProcessAlive } from "./keep-no-process-alive.ts";
import { member } from "./member.ts";

/** `globalThis.fetch`, or a function with its interface. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * Checks one URL, or several, separated by commas: `http://10.0.0.5:8848,10.0.0.6:8848`. Scheme and
 * path of the first one apply to those that omit them.
 *
 * @throws {ConfigurationError} `source-url`
 */
export function checkedUrls(what: string, value: string): readonly string[] {
  requireName(what, "url", value);
  const [first = "", ...more] = value.split(",").map((each) => each.trim());
  const base = checkedUrl(what, first);
  const { protocol, pathname } = new URL(base);
  const path = pathname.replace(/\/+$/, "");
  return [
    base,
    ...more.map((each) =>
      checkedUrl(
        what,
        each.includes("://") ? each : `${protocol}//${each}${each.includes("/") ? "" : path}`,
      ),
    ),
  ];
}

/**
 * Checks one origin with an optional path, and removes a slash at its end.
 *
 * @throws {ConfigurationError} `source-url`
 */
function checkedUrl(what: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  if (url !== undefined && isPlain) return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  throw new ConfigurationError(
    `The address of ${what} must be an http: or https: URL without user, password and query. Give one such as "http://10.0.0.5:8848".`,
    { rule: "source-url" },
  );
}

export interface Call {
  readonly fetch: Fetch | undefined;
  readonly url: URL;
  readonly init?: RequestInit;
  readonly signal: AbortSignal;
  /** True for a request that waits for a change. It keeps no process alive. @defaultValue false */
  readonly isWaiting?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The server did not answer. Another one may. */
export class UnreachableError extends ConfigurationError {}

/**
 * Sends, and reads the whole answer whatever its status.
 *
 * @throws {ConfigurationError} there was no answer, or it was too large.
 */
export async function exchange(call: Call): Promise<Answer> {
  const response = await open(call);
  return { status: response.status, text: await readBounded(response, call.url) };
}

/**
 * Sends, and returns the answer with its body as a stream. Redirects are errors, because they would
 * send credentials to another server.
 */
export async function open({
  fetch = globalThis.fetch,
  url,
  init,
  signal,
  isWaiting = false,
}: Call): Promise<Response> {
  const send = (): Promise<Response> => fetch(url, { redirect: "error", ...init, signal });
  try {
    return await (isWaiting ? keepNoProcessAlive(send) : send());
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new UnreachableError(
      `could not be reached (${codeOf(error)}). Check the address, and whether it is up and reachable from here`,
    );
  }
}

/**
 * Makes the error for an unexpected status. It names only the path, because queries and bodies may
 * contain secrets.
 */
export function unexpected(
  { method = "GET" }: RequestInit,
  url: URL,
  status: number,
): ConfigurationError {
  const remedies: Readonly<Record<number, string>> = {
    401: ". Check the credentials",
    403: ". Check the credentials and the rights",
    404: ". Check the names",
  };
  return new ConfigurationError(
    `answered ${method} ${url.pathname} with HTTP ${status}${remedies[status] ?? ""}`,
  );
}

/** @throws {ConfigurationError} the answer is not JSON. */
export function jsonOf({ text }: Answer, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError(
      `answered ${url.pathname} with something that is not JSON. Check the address`,
    );
  }
}

/**
 * Returns a signal that aborts with the given one, or after `ms` with an error. Call `cancel` when
 * it is no longer needed.
 */
export function deadlineAfter(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): { readonly signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const late = new ConfigurationError(`did not answer within ${ms} ms, which is fixed`);
  const cancel = clock.setTimer(ms, () => controller.abort(late), { background: true });
  return { signal: AbortSignal.any([signal, controller.signal]), cancel };
}

async function readBounded(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > textBytesMax)
      throw new ConfigurationError(
        `answered ${url.pathname} with more than ${textBytesMax} bytes. Check the names`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function codeOf(error: unknown): string {
  const cause = member(error, "cause") ?? (error instanceof Error ? error.cause : undefined);
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : "no answer";
}
