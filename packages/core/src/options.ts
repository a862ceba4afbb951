/**
 * What a factory checks before it looks at what it was given: shapes, names of options, and words
 * from a list.
 */
import { ConfigurationError } from "./errors.ts";

/**
 * An option that nobody reads would be ignored in silence, and a misspelt one is such an option.
 *
 * @throws {ConfigurationError} naming what there is. Values are not shown: a secret may be among
 *   them.
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

/** @throws {ConfigurationError} naming the words that may stand there. */
export function requireOneOf(name: string, given: unknown, words: readonly string[]): void {
  if (given === undefined || words.includes(given as string)) return;
  const shown =
    typeof given === "string" ? JSON.stringify(given.slice(0, 40)) : `a ${typeof given}`;
  throw new ConfigurationError(
    `${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}, not ${shown}.`,
  );
}

/**
 * @throws {ConfigurationError} unless it is an object with these methods. `remedy` says where to
 *   get one.
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
 * @throws {ConfigurationError} unless it is left out, or something that can set timers and tell the
 *   time.
 */
export function requireClock(given: unknown): void {
  if (given !== undefined)
    requireShape(
      "clock",
      given,
      ["monotonicMs", "setTimer", "wallMs"],
      "Leave it out for the machine's own.",
    );
}

/** @throws {ConfigurationError} unless it is a cache. */
export function requireCache(given: unknown): void {
  requireShape(
    "cache",
    given,
    ["get", "set", "withPrefix"],
    "An adapter makes one: ioredisCache(client), say.",
  );
}

/** @throws {ConfigurationError} unless it is a lock. */
export function requireLock(given: unknown): void {
  requireShape(
    "lock",
    given,
    ["tryAcquire", "extend", "release", "withPrefix"],
    "An adapter makes one: ioredisLock(client), say.",
  );
}

/** @throws {ConfigurationError} unless it is an object. */
export function requireObject(what: string, given: unknown): asserts given is object {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return;
  throw new ConfigurationError(
    `${what} must be an object, not ${given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`}.`,
  );
}
