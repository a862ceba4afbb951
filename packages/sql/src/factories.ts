/** The cache, the lock, or both, as the factories of an adapter make them from its drivers. */
import { requireOptions, systemClock } from "@lingpai/core";
import { createCache, createLock, createStore } from "@lingpai/core/driver";
import type { Cache, Lock, Store } from "@lingpai/core";
import type { CacheOptions, LockOptions, StoreOptions } from "@lingpai/core/driver";
import type { SqlDrivers, SqlSettings } from "./drivers.ts";

/** Makes the drivers that a factory is about to use. */
export type MakeDrivers = (settings: SqlSettings) => SqlDrivers;

/**
 * @param what the factory, as errors show it: `postgresCache()`
 * @throws {ConfigurationError} `CONFIGURATION` for an unknown option, and for a deadline out of
 *   range.
 */
export function sqlCache(what: string, options: CacheOptions, make: MakeDrivers): Cache {
  requireOptions(what, options, { clock: "clock", deadlineMs: "number", random: "random" });
  return createCache(make(settingsOf(options)).cache, options);
}

/** Makes a lock. @throws {ConfigurationError} as {@link sqlCache} does. */
export function sqlLock(what: string, options: LockOptions, make: MakeDrivers): Lock {
  requireOptions(what, options, { clock: "clock", deadlineMs: "number" });
  return createLock(make(settingsOf(options)).lock, options);
}

/**
 * Makes both, sealed with one key.
 *
 * @throws {ConfigurationError} as {@link sqlCache} does, and if `seal` is neither a key nor a
 *   keyring.
 */
export function sqlStore(
  what: string,
  options: StoreOptions & CacheOptions,
  make: MakeDrivers,
): Store {
  requireOptions(what, options, {
    clock: "clock",
    deadlineMs: "number",
    random: "random",
    seal: ["text", "object"],
  });
  const { random, seal, ...shared } = options;
  const { cache, lock } = make(settingsOf(shared));
  return createStore(
    createCache(cache, { ...shared, ...(random && { random }) }),
    createLock(lock, shared),
    seal === undefined ? {} : { seal },
  );
}

function settingsOf({ clock = systemClock, deadlineMs = 500 }: LockOptions): SqlSettings {
  return { clock, deadlineMs };
}
