/** Business calls with a credential that may die at any moment. */
import { ConfigurationError, systemRandom } from "@lingpai/core";
import type { Credential, Random } from "@lingpai/core";
import { InvalidAnswerError, WechatApiError } from "./errors.ts";
import type { Action } from "./errors-table.ts";
import { outgoing } from "./outgoing.ts";
import { createPlatform } from "./platform.ts";
import type { Fetch, PlatformOptions } from "./platform.ts";
import { createSender, discard } from "./send.ts";
import { accountParameter, tokenParameters } from "./token-parameter.ts";
import type { TokenParameter } from "./token-parameter.ts";
import { platformNow } from "./transport.ts";

export interface ApiOptions extends PlatformOptions {
  readonly random?: Random;
  /** How often a call that was answered "system busy" (-1) is sent again: 0 to 3. Waits about 0.5, 1 and 2 s in between. @defaultValue 3 */
  readonly busyRetriesMax?: number;
  /** In which query parameter a call to this path carries the token; undefined: it carries none. @defaultValue {@link accountParameter} */
  readonly tokenParameter?: TokenParameter;
  /** The longest stream, in bytes, that is kept in memory as a body, so that it can be sent a second time. @defaultValue 10_485_760 */
  readonly replayBytesMax?: number;
}

export interface ApiRequest extends Omit<RequestInit, "body"> {
  /** Added to the path's own query; undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as the body, as JSON. */
  readonly json?: unknown;
  readonly body?: RequestInit["body"];
}

/** Business calls. Each sends at most twice with a refused token, whatever the platform answers: once with it and once with its replacement. */
export interface Api {
  /**
   * `fetch`, with a token in the calls that need one: those to the platform's own origin, except endpoints that take a secret or a
   * user's token instead, and URLs that bring a token already. Everything else passes through as it is; no other origin is ever sent the token.
   *
   * Answers are the platform's, errors included (HTTP 200 with an `errcode`), and their bodies are unread. A dead token is
   * replaced and the call sent again once. Redirects of calls that carry a token are errors, unless `redirect` is `"manual"`.
   */
  readonly fetch: Fetch;
  /**
   * Calls an API by its path, `"/cgi-bin/user/info"`, and gives its JSON. A POST when there is a body, else a GET.
   *
   * @throws {WechatApiError} the platform refused: `errcode` says why, `action` what that asks for.
   * @throws {InvalidAnswerError} the answer is not JSON; use {@link Api.fetch} for binary answers.
   * @throws what {@link Credential.get} throws, when there is no token.
   */
  request<T = Record<string, unknown>>(path: string, request?: ApiRequest): Promise<T>;
  /** Ends waits between attempts. */
  close(): void;
}

/** @throws {ConfigurationError} a limit is out of range, or the base URL cannot be right. */
export function createApi(credential: Credential, options: ApiOptions = {}): Api {
  const platform = createPlatform(options);
  const base = new URL(platform.baseUrl);
  const basePath = base.pathname.replace(/\/$/, "");
  const replayBytesMax = whole("replayBytesMax", options.replayBytesMax ?? 10_485_760, 0, 2 ** 31 - 1);
  const busyRetriesMax = whole("busyRetriesMax", options.busyRetriesMax ?? 3, 0, 3);
  const tokenParameter = options.tokenParameter ?? accountParameter;
  const parameterOf = (url: URL): string | undefined => tokenParameter(url.pathname.slice(basePath.length));
  const parameterFor = (url: URL): string => parameterOf(url) ?? "access_token";
  // Whoever calls with a component's or a suite's token calls it no parent.
  const deadly: readonly Action[] = tokenParameter === accountParameter ? ["reject"] : ["reject", "reject-parent"];
  const sender = createSender({ credential, platform, busyRetriesMax, deadly, parameterFor, random: options.random ?? systemRandom });

  const takesToken = (url: URL): boolean => {
    if (url.origin !== base.origin || url.username !== "" || url.password !== "" || !url.pathname.startsWith(`${basePath}/`)) return false;
    if (tokenParameters.some((name) => url.searchParams.has(name))) return false;
    return parameterOf(url) !== undefined;
  };

  return {
    async fetch(input, init) {
      const text = input instanceof Request ? input.url : String(input);
      if (!URL.canParse(text) || !takesToken(new URL(text))) return platform.fetch(input, init);
      return (await sender.send(await outgoing(input, init, replayBytesMax))).response;
    },
    async request(path, request = {}) {
      const url = urlOf(platform.baseUrl, path, request);
      const call = await outgoing(url, initOf(request), replayBytesMax);
      const { response, refused } = takesToken(url) ? await sender.send(call) : await sender.sendPlain(call);
      const name = `${call.method} ${url.pathname}`;
      if (refused === undefined) return readJson(response, name);
      discard(response);
      const nowMs = platformNow(response.headers, platform.clock.wallMs());
      throw new WechatApiError(name, refused.refusal, refused.row, nowMs, refused.cause === undefined ? {} : { cause: refused.cause });
    },
    close: sender.close,
  };
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new ConfigurationError(`${name} is ${value}. Give a whole number from ${min} to ${max}.`, { rule: "range" });
}

/** The path under the base URL, and nowhere else, whatever the path says. */
function urlOf(baseUrl: string, path: string, { query = {} }: ApiRequest): URL {
  const url = URL.canParse(`${baseUrl}${path}`) ? new URL(`${baseUrl}${path}`) : undefined;
  if (url === undefined || !/^\/(?!\/)/.test(path) || !url.href.startsWith(`${baseUrl}/`)) {
    throw new ConfigurationError(
      'request() takes a path that begins with one "/", such as "/cgi-bin/user/info". Use fetch() for whole URLs.',
      { rule: "path" },
    );
  }
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

function initOf({ query: _query, json, body, ...rest }: ApiRequest): RequestInit {
  if (json === undefined) return body === undefined || body === null ? rest : { method: "POST", ...rest, body };
  const headers = new Headers(rest.headers);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return { method: "POST", ...rest, headers, body: JSON.stringify(json) };
}

async function readJson<T>(response: Response, name: string): Promise<T> {
  if (!response.ok) {
    discard(response);
    throw new InvalidAnswerError(`${name} was answered with HTTP ${response.status}`);
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidAnswerError(`what ${name} was answered with is not JSON; use fetch() for binary answers`);
  }
}
