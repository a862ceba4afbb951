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
  const shown = typeof given === "string" ? JSON.stringify(given.slice(0, 40)) : shownKind(given);
  throw new ConfigurationError(
    `${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}, not ${shown}.`,
  );
}

const methods = {
  cache: ["get", "set", "withPrefix"],
  clock: ["monotonicMs", "setTimer", "wallMs"],
  lock: ["tryAcquire", "extend", "release", "withPrefix"],
  random: ["id", "next"],
  signal: ["addEventListener", "throwIfAborted"],
} as const;

const remedies: { readonly [Kind in keyof typeof methods]: string } = {
  cache: "Get one from an adapter, such as ioredisCache(client).",
  clock: "Leave it out to use the machine's own.",
  lock: "Get one from an adapter, such as ioredisLock(client).",
  random: "Leave it out to use the machine's own.",
  signal: "Get one from an AbortController.",
};

const plainKinds = {
  boolean: "true or false",
  function: "a function",
  list: "a list",
  number: "a number",
  object: "an object",
  text: "a text",
  texts: "a list of texts",
  whole: "a whole number of at least 0",
} as const;

/** What an option may be. An object is no list; whoever takes a number checks its range. */
export type OptionKind = keyof typeof plainKinds | keyof typeof methods;

/** The kinds of each option, by its name. */
export type OptionKinds = Readonly<Record<string, OptionKind | readonly OptionKind[]>>;

/** For `satisfies`: has a kind for each option of this type, and no other. */
export type KindsOf<Options> = { readonly [Name in keyof Options]-?: OptionKinds[string] };

/**
 * Refuses an unknown option, and one of a wrong kind; one that is undefined is left out.
 *
 * @throws {ConfigurationError} naming the option and the kind of what was given, never its value.
 */
export function requireOptions(what: string, given: unknown, kinds: OptionKinds): void {
  requireKnown(what, given, Object.keys(kinds));
  requireKinds(what, given, kinds);
}

/** As {@link requireOptions}, for an object that may have others. */
export function requireKinds(what: string, given: unknown, kinds: OptionKinds): void {
  requireObject(what, given);
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && Object.hasOwn(kinds, name))
      requireKind(`${what}: ${name}`, value, [kinds[name] ?? []].flat());
}

function requireKind(name: string, given: unknown, kinds: readonly OptionKind[]): void {
  if (kinds.some((kind) => isOf(kind, given))) return;
  const [shape] = kinds.filter(isShape);
  if (shape !== undefined) requireShape(name, given, methods[shape], remedies[shape]);
  const named = kinds.map((kind) => (isShape(kind) ? kind : plainKinds[kind])).join(" or ");
  throw new ConfigurationError(`${name} must be ${named}, not ${shownKind(given)}.`);
}

function isShape(kind: OptionKind): kind is keyof typeof methods {
  return Object.hasOwn(methods, kind);
}

function isOf(kind: OptionKind, given: unknown): boolean {
  if (isShape(kind)) return hasMethods(given, methods[kind]);
  switch (kind) {
    case "list":
      return Array.isArray(given);
    case "texts":
      return Array.isArray(given) && given.every((each) => typeof each === "string");
    case "object":
      return typeof given === "object" && given !== null && !Array.isArray(given);
    case "text":
      return typeof given === "string";
    case "whole":
      return Number.isSafeInteger(given) && Number(given) >= 0;
    default:
      return typeof given === kind;
  }
}

/** A text is never shown, because it may be a misplaced secret. */
function shownKind(given: unknown): string {
  if (given === null || typeof given === "number" || typeof given === "boolean")
    return String(given);
  if (typeof given === "string") return given === "" ? "an empty text" : "a text";
  if (Array.isArray(given)) return given.length === 0 ? "an empty list" : "a list";
  if (typeof given === "object") return "an object";
  return given === undefined ? "undefined" : `a ${typeof given}`;
}

function hasMethods(given: unknown, names: readonly string[]): boolean {
  return (
    typeof given === "object" &&
    given !== null &&
    names.every((name) => typeof (given as Record<string, unknown>)[name] === "function")
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
  if (hasMethods(given, methods)) return;
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const shown = isObject ? "an object without them" : shownKind(given);
  throw new ConfigurationError(
    `${what} must be an object with ${methods.join(", ")}, not ${shown}. ${remedy}`,
  );
}

/** @throws {ConfigurationError} unless it is a cache. */
export function requireCache(given: unknown): void {
  requireShape("cache", given, methods.cache, remedies.cache);
}

/** @throws {ConfigurationError} unless it is a lock. */
export function requireLock(given: unknown): void {
  requireShape("lock", given, methods.lock, remedies.lock);
}

/** @throws {ConfigurationError} unless it is an object. */
export function requireObject(what: string, given: unknown): asserts given is object {
  if (isOf("object", given)) return;
  throw new ConfigurationError(`${what} must be an object, not ${shownKind(given)}.`);
}
