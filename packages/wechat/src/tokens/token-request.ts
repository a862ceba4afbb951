/**
 * One request to the platform for a credential: it is sent once, its answer is read strictly, and a
 * failure is reported as core's outcome.
 */
import { IssueError, waitFor } from "@lingpai/core";
import type { IssueOutcome } from "@lingpai/core";
import { tokenResponseIn, parseFields, readBody, refusalIn } from "../transport/platform-answer.ts";
import type { Fields, TokenResponse } from "../transport/platform-answer.ts";
import { classify, issueOutcome, refusalScope, retryAfterMs } from "../errors/classify.ts";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { refusalText } from "../errors/refusal.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { DatedToken } from "./credential-age.ts";
import type { EndpointClass } from "../errors/error-row.ts";
import type { Platform } from "../transport/platform.ts";
import { platformNow, retryAfterHeader } from "../transport/response-headers.ts";
import { transportFailure } from "../transport/transport-failure.ts";

/** A request for a credential. */
export interface TokenRequest {
  /** Without the query, because it may appear in errors. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as the JSON body of a POST. Without it the request is a GET. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** Ends the whole request, the reading of the body included. */
  readonly signal: AbortSignal;
  /** The texts that must never be shown, even if the platform echoes them. */
  readonly secrets: readonly string[];
  /** The owner of the credential, such as an AppID. */
  readonly subject: string;
  readonly endpoint: EndpointClass;
  /**
   * The longest accepted answer, in bytes.
   * @defaultValue 65_536
   */
  readonly bytesMax?: number;
}

/**
 * The credential in the answer's field of this name.
 *
 * @throws {IssueError} The outcome. It has no cause, because an error of `fetch` can hold the URL.
 */
export async function requestToken(
  platform: Platform,
  tokenRequest: TokenRequest,
  field: string,
  defaultExpiresInMs?: number,
): Promise<TokenResponse> {
  const { secret, expiresInMs } = await requestDatedToken(
    platform,
    tokenRequest,
    field,
    defaultExpiresInMs,
  );
  return { secret, expiresInMs };
}

/** The same, with the time of the answer. */
export async function requestDatedToken(
  platform: Platform,
  tokenRequest: TokenRequest,
  field: string,
  defaultExpiresInMs?: number,
): Promise<DatedToken> {
  const startedMs = platform.clock.monotonicMs();
  const { fields, platformNowMs, isDated } = await sendTokenRequest(platform, tokenRequest);
  return valid(tokenRequest, () => {
    const refusal = refusalIn(fields, tokenRequest.secrets);
    if (refusal === undefined) {
      const earliestMs = platformNowMs - (platform.clock.monotonicMs() - startedMs);
      // The platform's date has whole seconds.
      const latestMs = platformNowMs + (isDated ? 1_000 : 0);
      return { ...tokenResponseIn(fields, field, defaultExpiresInMs), earliestMs, latestMs };
    }
    if (fields.has(field))
      throw new InvalidAnswerError(`it has both an error (${refusal.errcode}) and a credential`);
    throw refused(platform, tokenRequest, refusal, platformNowMs);
  });
}

/**
 * Returns the result of `read` over the platform's answer.
 *
 * @throws {IssueError} As {@link requestToken} does.
 */
export async function requestFields<T>(
  platform: Platform,
  tokenRequest: TokenRequest,
  read: (fields: Fields) => T,
): Promise<T> {
  const { fields, platformNowMs } = await sendTokenRequest(platform, tokenRequest);
  return valid(tokenRequest, () => {
    const refusal = refusalIn(fields, tokenRequest.secrets);
    if (refusal !== undefined) throw refused(platform, tokenRequest, refusal, platformNowMs);
    return read(fields);
  });
}

export interface TokenAnswer {
  readonly fields: Fields;
  readonly platformNowMs: number;
  /** True if that is the platform's own date, and not this node's clock. */
  readonly isDated: boolean;
}

/**
 * The answer, whether it grants or refuses.
 *
 * @throws {IssueError} No readable answer came.
 */
export async function sendTokenRequest(
  platform: Platform,
  tokenRequest: TokenRequest,
): Promise<TokenAnswer> {
  if (tokenRequest.signal.aborted)
    throw new IssueError("unsent", `${call(tokenRequest)} was not sent: its deadline had passed.`);
  let response: Response;
  try {
    response = await waitFor(platform.fetch(urlOf(platform, tokenRequest), initOf(tokenRequest)), {
      signals: [tokenRequest.signal],
    });
  } catch (error) {
    throw broken(tokenRequest, transportFailure(error));
  }
  const platformNowMs = platformNow(response.headers, platform.clock.wallMs());
  const text = await readText(tokenRequest, response);
  if (response.status === 200)
    return {
      fields: valid(tokenRequest, () => parseFields(text)),
      platformNowMs,
      isDated: response.headers.has("date"),
    };
  throw unusualStatus(platform, tokenRequest, response, text, platformNowMs);
}

async function readText(tokenRequest: TokenRequest, response: Response): Promise<string> {
  try {
    return await readBody(response, tokenRequest.signal, tokenRequest.bytesMax);
  } catch (error) {
    if (error instanceof InvalidAnswerError) throw unusable(tokenRequest, error);
    throw broken(tokenRequest, { ...transportFailure(error), outcome: "unknown" });
  }
}

function urlOf(platform: Platform, tokenRequest: TokenRequest): string {
  const query = new URLSearchParams(tokenRequest.query).toString();
  return `${platform.baseUrl}${tokenRequest.path}${query === "" ? "" : `?${query}`}`;
}

function initOf(tokenRequest: TokenRequest): RequestInit {
  const shared: RequestInit = { redirect: "error", signal: tokenRequest.signal };
  if (tokenRequest.json === undefined)
    return { ...shared, method: "GET", headers: { accept: "application/json" } };
  const headers = { accept: "application/json", "content-type": "application/json" };
  return { ...shared, method: "POST", headers, body: JSON.stringify(tokenRequest.json) };
}

/**
 * An answer with a status other than 200. If it has one of WeChat's codes, the code applies.
 * Without a code it is not taken for a refusal.
 */
function unusualStatus(
  platform: Platform,
  tokenRequest: TokenRequest,
  response: Response,
  text: string,
  platformNowMs: number,
): IssueError {
  const waitMs = retryAfterHeader(response.headers, platformNowMs);
  const wait = waitMs === undefined ? {} : { retryAfterMs: waitMs };
  const status = response.status;
  if (status === 429)
    return new IssueError(
      "busy",
      `${call(tokenRequest)} was answered with HTTP 429: too many requests.`,
      { ...wait, platformCode: "429" },
    );
  if (status >= 400 && status < 500) {
    const fields = fieldsOrNothing(text);
    const refusal = refusalOrNothing(fields, tokenRequest);
    if (refusal !== undefined) return refused(platform, tokenRequest, refusal, platformNowMs);
    if ((status === 401 || status === 403) && fields?.get("error") === "invalid_client") {
      return new IssueError(
        "fatal",
        `${call(tokenRequest)} was refused: invalid_client. Check the id and the secret.`,
        {
          platformCode: "invalid_client",
        },
      );
    }
  }
  const message = `${call(tokenRequest)} was answered with HTTP ${status}; the platform may still have issued a credential.`;
  return new IssueError("unknown", message, { ...wait, platformCode: `http-${status}` });
}

function fieldsOrNothing(text: string): Fields | undefined {
  try {
    return parseFields(text);
  } catch {
    return undefined;
  }
}

function refusalOrNothing(
  fields: Fields | undefined,
  tokenRequest: TokenRequest,
): Refusal | undefined {
  try {
    return fields === undefined ? undefined : refusalIn(fields, tokenRequest.secrets);
  } catch {
    return undefined;
  }
}

/**
 * Runs a reader of the answer. An invalid answer becomes an unknown outcome, because the platform
 * may have issued a credential.
 */
function valid<T>(tokenRequest: TokenRequest, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof InvalidAnswerError ? unusable(tokenRequest, error) : error;
  }
}

function unusable(tokenRequest: TokenRequest, error: InvalidAnswerError): IssueError {
  return new IssueError("unknown", `${call(tokenRequest)}: ${error.message}`, {
    platformCode: "invalid-answer",
  });
}

function refused(
  platform: Platform,
  tokenRequest: TokenRequest,
  refusal: Refusal,
  platformNowMs: number,
): IssueError {
  const row = classify(tokenRequest.endpoint, refusal.errcode, platform.table);
  const waitMs = retryAfterMs(row, platformNowMs);
  const options = {
    scope: refusalScope(row.action),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
  const outcome: IssueOutcome = issueOutcome(row.action);
  return new IssueError(outcome, refusalText(call(tokenRequest), refusal, row), {
    ...options,
    platformCode: String(refusal.errcode),
  });
}

function broken(
  tokenRequest: TokenRequest,
  failure: { readonly outcome: "unsent" | "unknown"; readonly code: string | undefined },
): IssueError {
  if (failure.outcome === "unsent")
    return new IssueError("unsent", `${call(tokenRequest)} could not be sent (${failure.code}).`);
  const how = tokenRequest.signal.aborted
    ? "had no answer within its deadline"
    : `broke off (${failure.code ?? "no code"})`;
  return new IssueError(
    "unknown",
    `${call(tokenRequest)} ${how}; the platform may have processed it.`,
  );
}

function call(tokenRequest: TokenRequest): string {
  return `${tokenRequest.json === undefined ? "GET" : "POST"} ${tokenRequest.path} for ${tokenRequest.subject}`;
}
