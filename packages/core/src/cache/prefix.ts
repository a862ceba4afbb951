/**
 * Turns a path and a key into the name under which the entry is stored.
 *
 * Each segment is percent-encoded and followed by `:`. The encoded key stands in braces:
 * `["prod"]`, `wx1` → `prod:{wx1}`. Encoding leaves no `:` and no brace, so different paths and
 * keys always give different names, no scope is the beginning of a name of another scope, and the
 * braces are the only Redis hash tag of the name. Letters keep their case, and nothing is
 * normalised.
 */
import { ConfigurationError } from "../errors.ts";

/** The longest segment and the longest key, in bytes of UTF-8. */
export const partBytesMax = 1024;

/**
 * The longest whole name, in bytes. Every byte of a segment or key outside `A-Za-z0-9._-` takes
 * three bytes of the name.
 */
export const nameBytesMax = 8192;

const plain = /^[A-Za-z0-9._-]+$/;
const leftPlainByUri = /[!~*'()]/g;

/**
 * Returns the scope of a path: the beginning that all its names share, up to and including the
 * opening brace. For the root it is `{`.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a segment that {@link nameOf} would refuse.
 */
export function scopeOf(path: readonly string[]): string {
  return `${path.map((segment) => `${encode(segment, "prefix segment")}:`).join("")}{`;
}

/**
 * Returns the stored name of a key.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when the key or a segment is empty, holds a lone
 *   surrogate or is longer than {@link partBytesMax}, and when the whole name is longer than
 *   {@link nameBytesMax}.
 */
export function nameOf(path: readonly string[], key: string): string {
  return nameIn(scopeOf(path), key);
}

/** Like {@link nameOf}, for a scope that {@link scopeOf} returned. */
export function nameIn(scope: string, key: string): string {
  const name = `${scope}${encode(key, "key")}}`;
  if (name.length > nameBytesMax) {
    throw new ConfigurationError(
      `A stored name would have ${name.length} bytes; the limit is ${nameBytesMax}. Use fewer or shorter prefix segments.`,
    );
  }
  return name;
}

/** Returns the key of a name of exactly this scope. Undefined for every other text. */
export function keyIn(scope: string, name: string): string | undefined {
  if (!name.startsWith(scope) || !name.endsWith("}")) return undefined;
  return decode(name.slice(scope.length, -1));
}

/** The inverse of {@link nameOf}. Undefined for a text that `nameOf` never returns. */
export function parseName(
  name: string,
): { readonly path: readonly string[]; readonly key: string } | undefined {
  const parts = /^((?:[^:{}]+:)*)\{([^:{}]+)\}$/.exec(name);
  if (parts === null || name.length > nameBytesMax) return undefined;
  const [, segments = "", last = ""] = parts;
  const path = segments.split(":").slice(0, -1).map(decode);
  const key = decode(last);
  if (key === undefined || !path.every((segment) => segment !== undefined)) return undefined;
  return { path, key };
}

function encode(part: string, what: "prefix segment" | "key"): string {
  if (typeof part !== "string")
    throw new ConfigurationError(`A ${what} must be a string, not ${typeof part}.`);
  if (part === "") throw new ConfigurationError(`A ${what} must not be empty.`);
  if (
    part.length > partBytesMax ||
    (part.length * 3 > partBytesMax && Buffer.byteLength(part) > partBytesMax)
  ) {
    throw new ConfigurationError(
      `A ${what} has ${Buffer.byteLength(part)} bytes in UTF-8; the limit is ${partBytesMax}. Hash what is longer.`,
    );
  }
  if (plain.test(part)) return part;
  if (!part.isWellFormed()) {
    throw new ConfigurationError(
      `A ${what} holds half of a surrogate pair, which has no UTF-8 form. Pass well-formed text.`,
    );
  }
  return encodeURIComponent(part).replace(leftPlainByUri, percent);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * Returns undefined unless encoding the result gives `text` again, so that one key has one name.
 */
function decode(text: string): string | undefined {
  try {
    const part = decodeURIComponent(text);
    return encode(part, "key") === text ? part : undefined;
  } catch {
    return undefined;
  }
}
