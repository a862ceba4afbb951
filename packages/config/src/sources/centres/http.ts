/**
 * What the sources that speak HTTP share: addresses, deadlines, bounded answers, errors that show
 * no secret.
 */
import { ConfigurationError, Secret } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { textBytesMax } from "../../text/read-text.ts";

/** `globalThis.fetch`, or what behaves like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/**
 * A secret that a source needs itself: text, or a function that is asked whenever it is used, so
 * that it can be rotated.
 */
export type SourceSecret = string | Secret | (() => string | Secret | Promise<string | Secret>);

export async function textOfSecret(secret: SourceSecret): Promise<string> {
  const given = typeof secret === "function" ? await secret() : secret;
  return given instanceof Secret ? given.reveal() : given;
}

/** A name, or a function of the environment: `(environment) => `lingpai/${environment}/``. */
export type NameOption = string | ((environment: string) => string);

/** @throws {ConfigurationError} `source` */
export function requireName(what: string, option: string, given: unknown): void {
  if (typeof given === "function" || (typeof given === "string" && given !== "")) return;
  throw new ConfigurationError(`${what} needs ${option}, a text.`, { rule: "source" });
}

export function nameFor(option: NameOption, environment: string): string {
  return typeof option === "function" ? option(environment) : option;
}

/**
 * One origin, or several with commas between them: `http://10.0.0.5:8848,10.0.0.6:8848`. What the
 * first says of scheme and path holds for those that say nothing of it.
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
 * An origin, with a path if need be; without a slash at its end.
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
    `The address of ${what} is not an http: or https: URL without user, password and query. Give one such as "http://10.0.0.5:8848".`,
    { rule: "source-url" },
  );
}

export interface Call {
  readonly fetch: Fetch | undefined;
  readonly url: URL;
  readonly init?: RequestInit;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Nobody answered: another server may. */
export class UnreachableError extends ConfigurationError {}

/**
 * Sends and reads the whole answer, whatever its status. @throws {ConfigurationError} nobody
 * answered, or with too much.
 */
export async function exchange(call: Call): Promise<Answer> {
  const response = await open(call);
  return { status: response.status, text: await readBounded(response, call.url) };
}

/**
 * Sends, and leaves the body to be read as it comes. Redirects are errors: they would carry
 * credentials elsewhere.
 */
export async function open({
  fetch = globalThis.fetch,
  url,
  init,
  signal,
}: Call): Promise<Response> {
  try {
    return await fetch(url, { redirect: "error", ...init, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new UnreachableError(
      `could not be reached (${codeOf(error)}). Check the address, and whether it is up and reachable from here`,
    );
  }
}

/**
 * An answer that is not what was asked for. Tells the path alone: queries and bodies may hold what
 * is secret.
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

/** @throws {ConfigurationError} it is no JSON. */
export function jsonOf({ text }: Answer, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError(
      `answered ${url.pathname} with something that is not JSON. Check the address`,
    );
  }
}

/** The member of what may be an object; undefined when there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * A signal that aborts with the given one, and after a time with a reason of its own. Call `cancel`
 * when it is not needed any more.
 */
export function deadlineAfter(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): { readonly signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const late = new ConfigurationError(`did not answer within ${ms} ms`);
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
