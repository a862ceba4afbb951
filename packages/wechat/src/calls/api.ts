/** Business calls with a credential that may die at any moment. */
import { ConfigurationError, requireShape, systemRandom } from "@lingpai/core";
import type { Credential, Random } from "@lingpai/core";
import { settled } from "../transport/platform-answer.ts";
import { InvalidAnswerError, WechatApiError } from "../errors/platform-errors.ts";
import { issuingPlatform } from "./issuing-platform.ts";
import { CallTimeoutError, callDeadline } from "./call-deadline.ts";
import { tokenDestination } from "./destination.ts";
import type { Action } from "../errors/error-row.ts";
import { parseJson } from "../transport/lenient-json.ts";
import { apiNames, requirePartOptions } from "../options/option-names.ts";
import { replayableCall } from "./replayable-call.ts";
import type { CallInit, ReplayableCall } from "./replayable-call.ts";
import { cloudBaseUrl, createPlatform } from "../transport/platform.ts";
import type { Platform, PlatformOptions } from "../transport/platform.ts";
import { createSender, discard } from "./send.ts";
import { accountParameter } from "./token-parameter.ts";
import type { TokenParameter } from "./token-parameter.ts";
import { platformNow } from "../transport/response-headers.ts";

export interface ApiOptions extends PlatformOptions {
  readonly random?: Random;
  /**
   * How often a call that was answered "system busy" (-1) is sent again: 0 to 3. Waits about 0.5, 1
   * and 2 s in between. A POST is not, unless it says that it is `idempotent`: the platform may
   * have processed it. @defaultValue 3
   */
  readonly busyRetriesMax?: number;
  /** How long the platform has to answer a call, in ms, from 1. @defaultValue 30_000 */
  readonly timeoutMs?: number;
  /** The same for calls that carry a form, a file or more than 256 KiB. @defaultValue 300_000 */
  readonly uploadTimeoutMs?: number;
  /**
   * In which query parameter a call to this path carries the token; undefined: it carries none.
   * @defaultValue what the credential's kind asks for
   */
  readonly tokenParameter?: TokenParameter;
  /**
   * The longest stream, in bytes, that is kept in memory as a body, so that it can be sent a second
   * time. @defaultValue 10_485_760
   */
  readonly replayBytesMax?: number;
}

export interface ApiRequest extends Omit<CallInit, "body"> {
  /** Added to the path's own query; undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as the body, as JSON. */
  readonly json?: unknown;
  readonly body?: RequestInit["body"];
}

/**
 * Business calls. Each sends at most twice with a refused token, whatever the platform answers:
 * once with it and once with its replacement.
 */
export interface Api {
  /**
   * `fetch`, with a token in the calls that need one: those to the base URL and to the platform's
   * other documented hosts, except endpoints that take a secret or a user's token instead, and URLs
   * that bring a token already. Everything else passes through as it is; no other host is ever sent
   * the token.
   *
   * Answers are the platform's, errors included (HTTP 200 with an `errcode`), and their bodies are
   * unread. A dead token is replaced and the call sent again once. Redirects of calls that carry a
   * token are errors, unless `redirect` is `"manual"`.
   *
   * @throws {ConfigurationError} `destination`: the call would leave without the token that it
   *   needs, or with a template in its place.
   * @throws {CallTimeoutError} there was no answer in time. The body of an answer is not limited.
   */
  readonly fetch: (input: string | URL | Request, init?: CallInit) => Promise<Response>;
  /**
   * Calls an API by its path, `"/cgi-bin/user/info"`, and gives its JSON. A POST when there is a
   * body, else a GET.
   *
   * @throws {WechatApiError} the platform refused: `errcode` says why, `action` what that asks for.
   * @throws {InvalidAnswerError} the answer is not JSON; use {@link Api.download} for files.
   * @throws {CallTimeoutError} there was no answer in time; the platform may have processed the
   *   call.
   * @throws what {@link Credential.get} throws, when there is no token.
   */
  request<T = Record<string, unknown>>(path: string, request?: ApiRequest): Promise<T>;
  /**
   * Calls an API that answers with a file, a picture of a code say, and gives the answer with its
   * body unread. A POST when there is a body, else a GET.
   *
   * @throws what {@link Api.request} throws: a refusal is an error here too, though it comes as
   *   JSON in the file's place.
   */
  download(path: string, request?: ApiRequest): Promise<Response>;
  /** Ends waits between attempts. */
  close(): void;
}

/** Calls without a token, from where the platform adds it itself. */
export interface TokenlessOptions extends Omit<ApiOptions, "tokenParameter" | "fallbackBaseUrls"> {
  readonly token: "none";
}

/**
 * A client for code in WeChat's cloud hosting (微信云托管) with its open API service (开放接口服务) switched
 * on: inside the container the platform adds the account's token to calls that have none, and takes
 * them over plain `http:`. Nothing is fetched and nothing is kept.
 *
 * @defaultValue `baseUrl`: "http://api.weixin.qq.com"
 * @throws {ConfigurationError} a limit is out of range, or the base URL cannot be right.
 */
export function tokenlessApi(options: TokenlessOptions): Api {
  requirePartOptions("tokenlessApi()", options, [...apiNames, "token"]);
  const platform = createPlatform(
    { ...options, baseUrl: options.baseUrl ?? cloudBaseUrl },
    "wechat",
    true,
  );
  return apiOf(platform, undefined, () => undefined, options);
}

/**
 * Calls go to the platform that issued the credential, and to no other.
 *
 * @throws {ConfigurationError} a limit is out of range, or the base URL cannot be right for this
 *   credential.
 */
export function createApi(credential: Credential, options: ApiOptions = {}): Api {
  requireShape(
    "credential",
    credential,
    ["get", "reject"],
    "core's credential(), or a client of this package, makes one.",
  );
  requirePartOptions("createApi()", options, apiNames);
  const { platform, tokenParameter: ownParameter } = issuingPlatform(credential, options);
  return apiOf(platform, credential, options.tokenParameter ?? ownParameter, options);
}

function apiOf(
  platform: Platform,
  credential: Credential | undefined,
  tokenParameter: TokenParameter,
  options: ApiOptions,
): Api {
  const destination = tokenDestination(platform, tokenParameter);
  const replayBytesMax = whole(
    "replayBytesMax",
    options.replayBytesMax ?? 10_485_760,
    0,
    2 ** 31 - 1,
  );
  const timeoutMs = whole("timeoutMs", options.timeoutMs ?? 30_000, 1, 2 ** 31 - 1);
  const sender = createSender({
    credential,
    platform,
    busyRetriesMax: whole("busyRetriesMax", options.busyRetriesMax ?? 3, 0, 3),
    timeoutMs,
    uploadTimeoutMs: whole("uploadTimeoutMs", options.uploadTimeoutMs ?? 300_000, 1, 2 ** 31 - 1),
    // Whoever calls with a component's or a suite's token calls it no parent.
    deadTokenActions:
      tokenParameter === accountParameter
        ? (["reject"] satisfies Action[])
        : ["reject", "reject-parent"],
    parameterFor: (url) => destination.parameterOf(url) ?? "access_token",
    random: options.random ?? systemRandom,
  });

  /** What was not refused. */
  const accepted = async (
    path: string,
    request: ApiRequest,
  ): Promise<{ call: ReplayableCall; name: string; response: Response }> => {
    const url = urlOf(platform.baseUrl, path, request);
    const call = await replayableCall(url, initOf(request), replayBytesMax);
    const { response, refused } = destination.takesToken(url)
      ? await sender.send(call)
      : await sender.sendPlain(call);
    const name = `${call.method} ${url.pathname}`;
    if (refused === undefined) return { call, name, response };
    discard(response);
    const nowMs = platformNow(response.headers, platform.clock.wallMs());
    throw new WechatApiError(
      name,
      refused.refusal,
      refused.row,
      nowMs,
      refused.cause === undefined ? {} : { cause: refused.cause },
    );
  };

  return {
    async fetch(input, init) {
      const text = input instanceof Request ? input.url : String(input);
      if (URL.canParse(text) && destination.takesToken(new URL(text)))
        return (await sender.send(await replayableCall(input, init, replayBytesMax))).response;
      const { idempotent: _idempotent, timeoutMs: _timeoutMs, ...rest } = init ?? {};
      return platform.fetch(input, init === undefined ? undefined : rest);
    },
    async request<T>(path: string, request: ApiRequest = {}): Promise<T> {
      const { call, name, response } = await accepted(path, request);
      const limit = callDeadline(platform.clock, name, call.timeoutMs ?? timeoutMs, call.signal);
      return readJson<T>(response, name, limit.signal).finally(limit.lift);
    },
    async download(path, request = {}) {
      const { name, response } = await accepted(path, request);
      return requireOk(response, name);
    },
    close: sender.close,
  };
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new ConfigurationError(`${name} is ${value}. Give a whole number from ${min} to ${max}.`, {
    rule: "range",
  });
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
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

function initOf({ query: _query, json, body, ...rest }: ApiRequest): CallInit {
  if (json === undefined)
    return body === undefined || body === null ? rest : { method: "POST", ...rest, body };
  const headers = new Headers(rest.headers);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return { method: "POST", ...rest, headers, body: JSON.stringify(json) };
}

function requireOk(response: Response, name: string): Response {
  if (response.ok) return response;
  discard(response);
  throw new InvalidAnswerError(`${name} was answered with HTTP ${response.status}`);
}

async function readJson<T>(response: Response, name: string, signal: AbortSignal): Promise<T> {
  const text = await settled(requireOk(response, name).text(), signal).catch((error: unknown) => {
    if (error instanceof CallTimeoutError) discard(response);
    throw error;
  });
  try {
    return parseJson(text) as T;
  } catch {
    throw new InvalidAnswerError(
      `what ${name} was answered with is not JSON; use download() for files`,
    );
  }
}
