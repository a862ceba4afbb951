/**
 * One request to the platform: its deadline, the validation of its answer, and the guard against
 * recursion.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { waitFor } from "../time/wait.ts";
import { IssueError, RecursiveRefreshError } from "../errors.ts";
import type { IssueRequest } from "../issuer.ts";
import { Secret } from "../secret.ts";
import type { StoredCredential } from "../state/state.ts";
import { fingerprintIn, type Context } from "../fleet/context.ts";

/** A validated answer. Its secrets have this credential's fingerprints, whoever made them. */
export interface IssuedSecrets {
  readonly secret: Secret;
  readonly expiresInMs: number;
  readonly nextInput: Secret | undefined;
  readonly isAgeUnknown: boolean;
}

/** The credentials that the present call chain is issuing. */
const issuing = new AsyncLocalStorage<ReadonlySet<string>>();

/** @throws {RecursiveRefreshError} when called from within the issuer of `id`. */
export function refuseRecursion(id: string): void {
  if (issuing.getStore()?.has(id)) throw new RecursiveRefreshError(id);
}

/**
 * Asks the issuer, for at most the fetch deadline. Nothing else aborts a request that has left,
 * because its outcome would then be unknown.
 *
 * @throws {IssueError} always with an outcome. Anything else that an issuer throws counts as
 *   `unknown`.
 * @throws {RecursiveRefreshError} the issuer asked for its own credential; nothing was sent.
 */
export function ask(
  context: Context,
  request: Omit<IssueRequest, "signal">,
): Promise<IssuedSecrets> {
  return converse(context, async (signal) =>
    validated(context, await context.issuer.issue({ ...request, signal })),
  );
}

/**
 * Asks the issuer which input works. Nothing is issued, so an unknown outcome counts as a refusal.
 *
 * @throws {IssueError} never `unknown`. @throws {RecursiveRefreshError} as {@link ask}.
 */
export async function askForInput(
  context: Context,
  request: Pick<IssueRequest, "parent">,
): Promise<Secret> {
  const { issuer } = context;
  try {
    const recovered = await converse(context, async (signal) =>
      issuer.recover?.({ ...request, signal }),
    );
    const nextInput = plain(recovered);
    if (typeof nextInput === "string" && nextInput !== "") return secretIn(context, nextInput);
  } catch (error) {
    if (!isIssueError(error) || error.outcome !== "unknown") throw error;
    throw new IssueError(
      "busy",
      error.message,
      error.platformCode === undefined ? {} : { platformCode: error.platformCode },
    );
  }
  throw new IssueError("busy", `The issuer of "${issuer.id}" names no input that works.`);
}

/** Returns what the issuer learns about the stored credential. */
export function currentOf(
  context: Context,
  stored: StoredCredential | undefined,
): IssueRequest["current"] {
  if (stored === undefined) return undefined;
  const nextInput =
    stored.nextInput === undefined ? undefined : secretIn(context, stored.nextInput);
  return { secret: new Secret(stored.secret, stored.fingerprint), nextInput };
}

async function converse<T>(
  context: Context,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { issuer, parameters, clock } = context;
  const chain = new Set([...(issuing.getStore() ?? []), issuer.id]);
  const abort = new AbortController();
  const onLate = (): never => {
    // Made now, because its stack trace would cost every request.
    const late = new IssueError(
      "unknown",
      `The platform did not answer for "${issuer.id}" within ${parameters.fetchDeadlineMs} ms (fetchDeadlineMs). Whether it issued is unknown.`,
    );
    abort.abort(late);
    throw late;
  };
  try {
    const answer = issuing.run(chain, async () => send(abort.signal));
    return await waitFor(answer, { deadline: { clock, ms: parameters.fetchDeadlineMs, onLate } });
  } catch (error) {
    if (isIssueError(error) || isRecursion(error)) throw error;
    // Its text and cause are the issuer's own and may quote a request with a secret in it.
    throw new IssueError(
      "unknown",
      `The issuer of "${issuer.id}" failed (${nameOf(error)}). Whether the platform issued is unknown.`,
    );
  }
}

const secretPattern = /^[\x21-\x7e]+$/;
export const secretLengthMax = 16_384;
const lifetimeMaxMs = 366 * 86_400_000;

/** @throws {IssueError} `unknown` for an invalid answer, `fatal` for a secret that is too long. */
export function validated(context: Context, issued: unknown): IssuedSecrets {
  const { id } = context.issuer;
  const invalid = (what: string): IssueError =>
    new IssueError(
      "unknown",
      `The answer for "${id}" is invalid: ${what}. Whether the platform issued is unknown.`,
    );
  if (typeof issued !== "object" || issued === null) throw invalid("it is not an object");
  const { expiresInMs, isAgeUnknown, ...given } = issued as Partial<Record<string, unknown>>;
  const [secret, nextInput] = [plain(given["secret"]), plain(given["nextInput"])];
  if (typeof secret !== "string" || !secretPattern.test(secret))
    throw invalid("the credential is not a text of visible ASCII characters");
  requireLength(id, "a credential", secret);
  if (typeof expiresInMs !== "number" || !(expiresInMs >= 1 && expiresInMs <= lifetimeMaxMs))
    throw invalid("its lifetime is not between 1 ms and 366 days");
  if (nextInput !== undefined && (typeof nextInput !== "string" || nextInput === ""))
    throw invalid("its input for the next request is not a text");
  if (nextInput !== undefined) requireLength(id, "an input for the next request", nextInput);
  return {
    secret: secretIn(context, secret),
    expiresInMs: Math.floor(expiresInMs),
    nextInput: nextInput === undefined ? undefined : secretIn(context, nextInput),
    isAgeUnknown: isAgeUnknown === true,
  };
}

/**
 * Returns the text of a {@link Secret}, of any copy of this package. Other values are returned as
 * they are.
 */
function plain(value: unknown): unknown {
  const isSecret = typeof value === "object" && value !== null && "reveal" in value;
  return isSecret && typeof value.reveal === "function" ? value.reveal() : value;
}

function secretIn(context: Context, text: string): Secret {
  return new Secret(text, fingerprintIn(context, text));
}

/** The next one would be as long, so a person must look, and nobody should wait meanwhile. */
function requireLength(id: string, what: string, { length }: string): void {
  if (length <= secretLengthMax) return;
  throw new IssueError(
    "fatal",
    `The platform issued for "${id}" ${what} of ${length} characters; up to ${secretLengthMax} are kept. Ask it for fewer scopes or claims, or for an opaque token.`,
  );
}

/** Compares shapes, not classes, because an issuer may bring its own copy of this package. */
export function isIssueError(error: unknown): error is IssueError {
  return (
    error instanceof Error &&
    "outcome" in error &&
    "code" in error &&
    (error.code === "ISSUE_REFUSED" || error.code === "ISSUE_FAILED")
  );
}

function isRecursion(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "RECURSIVE_REFRESH";
}

function nameOf(error: unknown): string {
  return error instanceof Error && /^\w{1,40}$/.test(error.name) ? error.name : typeof error;
}
