/** Business calls with a credential whose token may die at any moment. */
import { ConfigurationError, requireShape, systemRandom, waitFor } from "@lingpai/core";
import type { Credential, Random } from "@lingpai/core";
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
   * How many times a call that was answered "system busy" (-1) is sent again: 0 to 3, after about
   * 0.5, 1 and 2 s. A POST is sent again only if it is marked `idempotent`, because the platform
   * may have processed it.
   * @defaultValue 3
   */
  readonly busyRetriesMax?: number;
  /**
   * How long the platform has to answer a call, in ms, from 1.
   * @defaultValue 30_000
   */
  readonly timeoutMs?: number;
  /**
   * The same limit for calls that carry a form, a file or more than 256 KiB.
   * @defaultValue 300_000
   */
  readonly uploadTimeoutMs?: number;
  /**
   * The query parameter that carries the token in a call to this path. Undefined: the call carries
   * none.
   * @defaultValue the parameter of the credential's kind
   */
  readonly tokenParameter?: TokenParameter;
  /**
   * The longest stream, in bytes, that is kept in memory as a body, so that it can be sent again.
   * @defaultValue 10_485_760
   */
  readonly replayBytesMax?: number;
}

export interface ApiRequest extends Omit<CallInit, "body"> {
  /** Added to the path's own query. Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as the body, as JSON. */
  readonly json?: unknown;
  readonly body?: RequestInit["body"];
}

/**
 * Business calls. Each call sends a refused token at most twice, whatever the platform answers: the
 * token itself, and its replacement.
 */
export interface Api {
  /**
   * `fetch` with a token. Calls to the base URL and to the platform's other documented hosts carry
   * one. Two kinds do not: endpoints that take a secret or a user's token, and URLs that already
   * have a token. All other requests pass through unchanged; no other host ever receives the token.
   *
   * The answer is the platform's own, its body unread, and may be an error (HTTP 200 with an
   * `errcode`). A dead token is replaced, and the call is sent again once. A redirect of a call
   * that carries a token is an error, unless `redirect` is `"manual"`.
   *
   * @throws {ConfigurationError} `destination`: the call would leave without the token that it
   *   needs. `token-parameter`: the URL has a template in the token's place.
   * @throws {CallTimeoutError} No answer came in time. The time to read the body is not limited.
   */
  readonly fetch: (input: string | URL | Request, init?: CallInit) => Promise<Response>;
  /**
   * Calls an API by its path, such as `"/cgi-bin/user/info"`, and returns the parsed JSON. The
   * method is POST if there is a body, else GET.
   *
   * @throws {WechatApiError} The platform refused. `errcode` says why, and `action` what the code
   *   calls for.
   * @throws {InvalidAnswerError} The answer is not JSON. Use {@link Api.download} for files.
   * @throws {CallTimeoutError} No answer came in time. The platform may have processed the call.
   * @throws The errors of {@link Credential.get}, if there is no token.
   */
  request<T = Record<string, unknown>>(path: string, request?: ApiRequest): Promise<T>;
  /**
   * Calls an API that answers with a file, such as a QR code, and returns the response with its
   * body unread. The method is POST if there is a body, else GET.
   *
   * @throws The errors of {@link Api.request}. A refusal is an error here too, although WeChat
   *   sends it as JSON in the file's place.
   */
  download(path: string, request?: ApiRequest): Promise<Response>;
  /** Ends the waits between attempts. */
  close(): void;
}

/** Options of calls without a token, where the platform adds the token itself. */
export interface TokenlessOptions extends Omit<ApiOptions, "tokenParameter" | "fallbackBaseUrls"> {
  readonly token: "none";
}

/**
 * A client for code in WeChat's cloud hosting (微信云托管) with its open API service (开放接口服务)
 * switched on. Inside the container the platform adds the account's token to calls without one, and
 * accepts them over plain `http:`. The client fetches no token and stores nothing.
 *
 * @defaultValue `baseUrl`: "http://api.weixin.qq.com"
 * @throws {ConfigurationError} A limit is out of range, or the base URL is invalid.
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
 * Calls go only to the platform that issued the credential.
 *
 * @throws {ConfigurationError} A limit is out of range, or the base URL is invalid for this
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
    // For calls with a component's or a suite's token, the codes about a "parent" concern that
    // token.
    deadTokenActions:
      tokenParameter === accountParameter
        ? (["reject"] satisfies Action[])
        : ["reject", "reject-parent"],
    parameterFor: (url) => destination.parameterOf(url) ?? "access_token",
    random: options.random ?? systemRandom,
  });

  /** Sends the call, and throws if the platform refused it. */
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

/** A URL under the base URL, whatever the path says. */
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
  const text = await waitFor(requireOk(response, name).text(), { signals: [signal] }).catch(
    (error: unknown) => {
      if (error instanceof CallTimeoutError) discard(response);
      throw error;
    },
  );
  try {
    return parseJson(text) as T;
  } catch {
    throw new InvalidAnswerError(
      `what ${name} was answered with is not JSON; use download() for files`,
    );
  }
}
