/**
 * One request to the platform for a credential: sent once, read strictly, its failure told in
 * core's terms.
 */
import { IssueError } from "@lingpai/core";
import type { IssueOutcome } from "@lingpai/core";
import {
  grantIn,
  parseFields,
  readBody,
  refusalIn,
  settled,
} from "../transport/platform-answer.ts";
import type { Fields, Grant } from "../transport/platform-answer.ts";
import { classify, issueOutcome, refusalScope, retryAfterMs } from "../errors/classify.ts";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { refusalText } from "../errors/refusal.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { SeenGrant } from "./credential-age.ts";
import type { EndpointClass, ErrorRow } from "../errors/error-row.ts";
import type { Platform } from "../transport/platform.ts";
import { platformNow, retryAfterHeader } from "../transport/response-headers.ts";
import { transportFailure } from "../transport/transport-failure.ts";

/** A request for a credential. */
export interface Question {
  /** Without the query: it may appear in errors. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as a POST with a JSON body; without it the request is a GET. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** The whole exchange ends with it, the body included. */
  readonly signal: AbortSignal;
  /** What must not be shown, whatever the platform echoes. */
  readonly secrets: readonly string[];
  /** Whom the credential is for: an AppID. */
  readonly subject: string;
  readonly endpoint: EndpointClass;
  /** @defaultValue the platform's */
  readonly table?: readonly ErrorRow[];
  /** The longest answer that is read, in bytes. @defaultValue 65_536 */
  readonly bytesMax?: number;
}

/**
 * The credential that the platform grants in the answer's field of this name.
 *
 * @throws {IssueError} with the outcome. It has no cause, because what `fetch` throws can hold the
 *   URL.
 */
export async function askForGrant(
  platform: Platform,
  question: Question,
  field: string,
  defaultExpiresInMs?: number,
): Promise<Grant> {
  const { secret, expiresInMs } = await askForSeenGrant(
    platform,
    question,
    field,
    defaultExpiresInMs,
  );
  return { secret, expiresInMs };
}

/** The same, with the time at which the platform answered. */
export async function askForSeenGrant(
  platform: Platform,
  question: Question,
  field: string,
  defaultExpiresInMs?: number,
): Promise<SeenGrant> {
  const startedMs = platform.clock.monotonicMs();
  const { fields, platformNowMs, isDated } = await ask(platform, question);
  return valid(question, () => {
    const refusal = refusalIn(fields, question.secrets);
    if (refusal === undefined) {
      const earliestMs = platformNowMs - (platform.clock.monotonicMs() - startedMs);
      // The platform's date has whole seconds.
      const latestMs = platformNowMs + (isDated ? 1_000 : 0);
      return { ...grantIn(fields, field, defaultExpiresInMs), earliestMs, latestMs };
    }
    if (fields.has(field))
      throw new InvalidAnswerError(`it has both an error (${refusal.errcode}) and a credential`);
    throw refused(platform, question, refusal, platformNowMs);
  });
}

/**
 * What `read` makes of the platform's answer.
 *
 * @throws {IssueError} as {@link askForGrant} does.
 */
export async function askFor<T>(
  platform: Platform,
  question: Question,
  read: (fields: Fields) => T,
): Promise<T> {
  const { fields, platformNowMs } = await ask(platform, question);
  return valid(question, () => {
    const refusal = refusalIn(fields, question.secrets);
    if (refusal !== undefined) throw refused(platform, question, refusal, platformNowMs);
    return read(fields);
  });
}

export interface Answer {
  readonly fields: Fields;
  readonly platformNowMs: number;
  /** Whether that is the platform's own date, not this node's clock. */
  readonly isDated: boolean;
}

/**
 * The answer, whether it grants or refuses. @throws {IssueError} there is none that can be read.
 */
export async function ask(platform: Platform, question: Question): Promise<Answer> {
  if (question.signal.aborted)
    throw new IssueError("unsent", `${call(question)} was not sent: its deadline had passed.`);
  let response: Response;
  try {
    response = await settled(
      platform.fetch(urlOf(platform, question), initOf(question)),
      question.signal,
    );
  } catch (error) {
    throw broken(question, transportFailure(error));
  }
  const platformNowMs = platformNow(response.headers, platform.clock.wallMs());
  const text = await readText(question, response);
  if (response.status === 200)
    return {
      fields: valid(question, () => parseFields(text)),
      platformNowMs,
      isDated: response.headers.has("date"),
    };
  throw unusualStatus(platform, question, response, text, platformNowMs);
}

async function readText(question: Question, response: Response): Promise<string> {
  try {
    return await readBody(response, question.signal, question.bytesMax);
  } catch (error) {
    if (error instanceof InvalidAnswerError) throw unusable(question, error);
    throw broken(question, { ...transportFailure(error), outcome: "unknown" });
  }
}

function urlOf(platform: Platform, question: Question): string {
  const query = new URLSearchParams(question.query).toString();
  return `${platform.baseUrl}${question.path}${query === "" ? "" : `?${query}`}`;
}

function initOf(question: Question): RequestInit {
  const shared: RequestInit = { redirect: "error", signal: question.signal };
  if (question.json === undefined)
    return { ...shared, method: "GET", headers: { accept: "application/json" } };
  const headers = { accept: "application/json", "content-type": "application/json" };
  return { ...shared, method: "POST", headers, body: JSON.stringify(question.json) };
}

/**
 * An answer other than 200: a code of WeChat's counts where there is one, and only a refusal that
 * says so is taken for one.
 */
function unusualStatus(
  platform: Platform,
  question: Question,
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
      `${call(question)} was answered with HTTP 429: too many requests.`,
      { ...wait, platformCode: "429" },
    );
  if (status >= 400 && status < 500) {
    const fields = fieldsOrNothing(text);
    const refusal = refusalOrNothing(fields, question);
    if (refusal !== undefined) return refused(platform, question, refusal, platformNowMs);
    if ((status === 401 || status === 403) && fields?.get("error") === "invalid_client") {
      return new IssueError(
        "fatal",
        `${call(question)} was refused: invalid_client. Check the id and the secret.`,
        {
          platformCode: "invalid_client",
        },
      );
    }
  }
  const message = `${call(question)} was answered with HTTP ${status}; the platform may have issued a credential all the same.`;
  return new IssueError("unknown", message, { ...wait, platformCode: `http-${status}` });
}

function fieldsOrNothing(text: string): Fields | undefined {
  try {
    return parseFields(text);
  } catch {
    return undefined;
  }
}

function refusalOrNothing(fields: Fields | undefined, question: Question): Refusal | undefined {
  try {
    return fields === undefined ? undefined : refusalIn(fields, question.secrets);
  } catch {
    return undefined;
  }
}

/**
 * Runs a reader of the answer; what it finds invalid becomes an unknown outcome, because something
 * may have been issued.
 */
function valid<T>(question: Question, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof InvalidAnswerError ? unusable(question, error) : error;
  }
}

function unusable(question: Question, error: InvalidAnswerError): IssueError {
  return new IssueError("unknown", `${call(question)}: ${error.message}`, {
    platformCode: "invalid-answer",
  });
}

function refused(
  platform: Platform,
  question: Question,
  refusal: Refusal,
  platformNowMs: number,
): IssueError {
  const row = classify(question.endpoint, refusal.errcode, question.table ?? platform.table);
  const waitMs = retryAfterMs(row, platformNowMs);
  const options = {
    scope: refusalScope(row.action),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
  const outcome: IssueOutcome = issueOutcome(row.action);
  return new IssueError(outcome, refusalText(call(question), refusal, row), {
    ...options,
    platformCode: String(refusal.errcode),
  });
}

function broken(
  question: Question,
  failure: { readonly outcome: "unsent" | "unknown"; readonly code: string | undefined },
): IssueError {
  if (failure.outcome === "unsent")
    return new IssueError("unsent", `${call(question)} could not be sent (${failure.code}).`);
  const how = question.signal.aborted
    ? "had no answer within its deadline"
    : `broke off (${failure.code ?? "no code"})`;
  return new IssueError("unknown", `${call(question)} ${how}; the platform may have processed it.`);
}

function call(question: Question): string {
  return `${question.json === undefined ? "GET" : "POST"} ${question.path} for ${question.subject}`;
}
