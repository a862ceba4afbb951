/**
 * Reads an answer of the platform strictly: an answer without the documented form is invalid, and
 * never guessed at.
 */
import { fingerprint, Secret, waitFor } from "@lingpai/core";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { escaped, parseJson } from "./lenient-json.ts";
import type { Refusal } from "../errors/refusal.ts";
import { sanitised } from "../errors/redact.ts";

/** The maximum size of a decoded answer, in bytes. The platform's own answers are below 2 kB. */
export const answerBytesMax: number = 64 * 1024;

/** The fields of an answer. A map, so that a field named `__proto__` is a field like any other. */
export type Fields = ReadonlyMap<string, unknown>;

export interface TokenResponse {
  readonly secret: Secret;
  readonly expiresInMs: number;
}

/**
 * The body as text, without a byte order mark. Reads no further than the limit, and ends with the
 * signal however slowly the body arrives.
 *
 * @throws {InvalidAnswerError} The body is longer than `bytesMax`, or is not UTF-8.
 */
export async function readBody(
  response: Pick<Response, "body">,
  signal: AbortSignal,
  bytesMax: number = answerBytesMax,
): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await waitFor(reader.read(), { signals: [signal] });
      if (done) break;
      length += value.byteLength;
      if (length > bytesMax) throw new InvalidAnswerError(`it is longer than ${bytesMax} bytes`);
      chunks.push(value);
    }
  } finally {
    // Ends a transfer that was left early. After the end it does nothing.
    reader.cancel().catch(() => undefined);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new InvalidAnswerError("it is not UTF-8");
  }
}

/**
 * Raw control characters in strings are accepted.
 *
 * @throws {InvalidAnswerError} The text is not one JSON object whose keys are all different.
 */
export function parseFields(text: string): Fields {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    // The parser's own error quotes the text.
    throw new InvalidAnswerError(
      text === ""
        ? "it is empty"
        : text.trimStart().startsWith("<")
          ? "it is a page, not JSON"
          : "it is not JSON",
    );
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new InvalidAnswerError("it is not a JSON object");
  if (hasDuplicateKeys(escaped(text))) throw new InvalidAnswerError("it has the same key twice");
  return new Map(Object.entries(parsed));
}

/**
 * True if any object in this valid JSON text has a key twice. `JSON.parse` would silently keep the
 * last one.
 */
function hasDuplicateKeys(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [mark, quoted] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (mark === "{") open.push(new Set());
    else if (mark === "}") open.pop();
    else if (quoted !== undefined) {
      const key = String(JSON.parse(quoted));
      const keys = open.at(-1);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

const ridPattern = /[\s,]*\brid:\s*([0-9A-Za-z-]{1,64})\s*$/;

/**
 * The refusal in the answer. Undefined: `errcode` is missing or 0. The code may be a number or
 * decimal text.
 *
 * @throws {InvalidAnswerError} The `errcode` has another form.
 */
export function refusalIn(fields: Fields, secrets: readonly string[]): Refusal | undefined {
  const raw = fields.get("errcode");
  if (raw === undefined) return undefined;
  const errcode = typeof raw === "string" && /^-?\d{1,9}$/.test(raw) ? Number(raw) : raw;
  if (typeof errcode !== "number" || !Number.isSafeInteger(errcode))
    throw new InvalidAnswerError("its errcode is not a number");
  if (errcode === 0) return undefined;
  const errmsg = fields.get("errmsg");
  const text = typeof errmsg === "string" ? errmsg : "";
  const rid = ridPattern.exec(text)?.[1];
  return { errcode, errmsg: sanitised(text.replace(ridPattern, ""), secrets), rid };
}

/**
 * Core checks the length.
 *
 * @throws {InvalidAnswerError} The field of this name is not a text of visible ASCII characters.
 */
export function secretIn(fields: Fields, name: string): string {
  const secret = fields.get(name);
  if (typeof secret !== "string" || secret === "")
    throw new InvalidAnswerError(`it has no ${name}`);
  if (!/^[\x21-\x7e]+$/.test(secret))
    throw new InvalidAnswerError(`its ${name} has characters that no credential has`);
  return secret;
}

/**
 * Keeps a text from being printed by accident on its way to core, which gives it its fingerprint.
 */
export function asSecret(text: string): Secret {
  return new Secret(text, fingerprint("lingpai/platform-answer", text));
}

/** A year, in seconds. A longer lifetime is not credible. */
const expiresInMax = 31_536_000;

/**
 * The credential in the field of this name, with the rest of its lifetime. Fractions of a second
 * are rounded down.
 *
 * @throws {InvalidAnswerError} The credential is not a text of visible ASCII characters, or
 *   `expires_in` is missing without a default, below one second, above a year, or neither a number
 *   nor decimal text.
 */
export function tokenResponseIn(
  fields: Fields,
  name: string,
  defaultExpiresInMs?: number,
): TokenResponse {
  const secret = asSecret(secretIn(fields, name));
  const raw = fields.get("expires_in");
  if (raw === undefined && defaultExpiresInMs !== undefined)
    return { secret, expiresInMs: defaultExpiresInMs };
  const seconds = typeof raw === "string" && /^\d{1,9}$/.test(raw) ? Number(raw) : raw;
  if (typeof seconds !== "number" || !(seconds >= 1 && seconds <= expiresInMax))
    throw new InvalidAnswerError("its expires_in is not a time from a second to a year");
  return { secret, expiresInMs: Math.floor(seconds) * 1000 };
}
