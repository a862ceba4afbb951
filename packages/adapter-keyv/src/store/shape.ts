/**
 * Telling objects apart by their members. Never by class: two copies of a client's package in one
 * process are the same to us.
 */

export type Members = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

/**
 * Whether these members are functions. That the rest of `T` is there too is taken on trust, and
 * checked against the real clients by tests.
 */
export function has<T extends object>(
  value: unknown,
  ...methods: readonly (keyof T & string)[]
): value is T {
  return isObject(value) && methods.every((method) => typeof value[method] === "function");
}

/** What a Keyv adapter says of itself in `opts`, which Keyv 5 asks of each. */
export function dialectOf(adapter: unknown): unknown {
  return isObject(adapter) && isObject(adapter["opts"]) ? adapter["opts"]["dialect"] : undefined;
}
