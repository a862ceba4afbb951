/**
 * Recognises objects by their members, never by class, because two copies of a client's package in
 * one process have different classes.
 */

export type Members = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}

/**
 * Tells whether these members are functions. The rest of `T` is assumed, and tests check it against
 * the real clients.
 */
export function has<T extends object>(
  value: unknown,
  ...methods: readonly (keyof T & string)[]
): value is T {
  return isObject(value) && methods.every((method) => typeof value[method] === "function");
}

/** The `opts` of a Keyv adapter. Keyv 5 requires them of each. */
export function dialectOf(adapter: unknown): unknown {
  return isObject(adapter) && isObject(adapter["opts"]) ? adapter["opts"]["dialect"] : undefined;
}
