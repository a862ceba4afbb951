/** Checks of a factory's arguments: shapes, names of options, and words from a list. */
import { ConfigurationError } from "./errors.ts";

/**
 * Refuses unknown options, because a misspelt option would be ignored silently.
 *
 * @throws {ConfigurationError} naming the options that exist. It shows no values: one may be a
 *   secret.
 */
export function requireKnown(what: string, given: unknown, known: readonly string[]): void {
  requireObject(what, given);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const named = unknown.map((name) => JSON.stringify(name.slice(0, 40))).join(", ");
  throw new ConfigurationError(
    `${what} has no ${named}. There are: ${known.toSorted().join(", ")}.`,
  );
}

/** @throws {ConfigurationError} naming the allowed words, unless it is left out or one of them. */
export function requireOneOf(name: string, given: unknown, words: readonly string[]): void {
  if (given === undefined || words.includes(given as string)) return;
  const shown =
    typeof given === "string" ? JSON.stringify(given.slice(0, 40)) : `a ${typeof given}`;
  throw new ConfigurationError(
    `${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}, not ${shown}.`,
  );
}

/**
 * @throws {ConfigurationError} unless it is an object with these methods. `remedy` says how to make
 *   one.
 */
export function requireShape(
  what: string,
  given: unknown,
  methods: readonly string[],
  remedy: string,
): void {
  const isShaped =
    typeof given === "object" &&
    given !== null &&
    methods.every((name) => typeof (given as Record<string, unknown>)[name] === "function");
  if (isShaped) return;
  throw new ConfigurationError(`${what} must be an object with ${methods.join(", ")}. ${remedy}`);
}

/**
 * @throws {ConfigurationError} unless it is left out or a `Clock`.
 */
export function requireClock(given: unknown): void {
  if (given !== undefined)
    requireShape(
      "clock",
      given,
      ["monotonicMs", "setTimer", "wallMs"],
      "Leave it out to use the machine's clock.",
    );
}

/** @throws {ConfigurationError} unless it is a cache. */
export function requireCache(given: unknown): void {
  requireShape(
    "cache",
    given,
    ["get", "set", "withPrefix"],
    "Get one from an adapter, such as ioredisCache(client).",
  );
}

/** @throws {ConfigurationError} unless it is a lock. */
export function requireLock(given: unknown): void {
  requireShape(
    "lock",
    given,
    ["tryAcquire", "extend", "release", "withPrefix"],
    "Get one from an adapter, such as ioredisLock(client).",
  );
}

/** @throws {ConfigurationError} unless it is an object. */
export function requireObject(what: string, given: unknown): asserts given is object {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new ConfigurationError(
    `${what} must be an object, not ${given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`}.`,
  );
}
