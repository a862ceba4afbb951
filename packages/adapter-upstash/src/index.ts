/**
 * Lingpai's cache and lock on Redis over HTTP, as Upstash offers it, for functions that cannot keep
 * a connection open.
 *
 * Every operation is one request with a script, the same scripts as those of the Redis adapters.
 * There are no subscriptions, so waiters poll and a cache cannot be watched.
 *
 * @packageDocumentation
 */
import { requireOptions, systemClock } from "@lingpai/core";
import { createCache, createLock, createStore } from "@lingpai/core/driver";
import type { Cache, Lock, Store } from "@lingpai/core";
import type { CacheOptions, LockOptions, StoreOptions } from "@lingpai/core/driver";
import { createRedisCacheDriver, createRedisLockDriver, createRedisStore } from "@lingpai/redis";
import type { RedisStore } from "@lingpai/redis";
import { restPort } from "./rest-port.ts";
import type { UpstashDatabase } from "./rest-port.ts";

export type { UpstashDatabase };

/**
 * Makes a cache in this database.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for an invalid address or token, and for a deadline
 *   out of range.
 */
export function upstashCache(database: UpstashDatabase, options: CacheOptions = {}): Cache {
  requireOptions("upstashCache()", options, {
    clock: "clock",
    deadlineMs: "number",
    random: "random",
  });
  return createCache(createRedisCacheDriver(storeOf(database, options)), options);
}

/**
 * Makes a lock in this database.
 *
 * @throws {ConfigurationError} as {@link upstashCache} does.
 */
export function upstashLock(database: UpstashDatabase, options: LockOptions = {}): Lock {
  requireOptions("upstashLock()", options, { clock: "clock", deadlineMs: "number" });
  return createLock(createRedisLockDriver(storeOf(database, options)), options);
}

/**
 * Makes the cache and the lock in this database, sealed with one key, for a credential's `store`.
 *
 * @throws {ConfigurationError} as {@link upstashCache} does, and if `seal` is neither a key nor a
 *   keyring.
 */
export function upstashStore(
  database: UpstashDatabase,
  options: StoreOptions & CacheOptions = {},
): Store {
  requireOptions("upstashStore()", options, {
    clock: "clock",
    deadlineMs: "number",
    random: "random",
    seal: ["text", "object"],
  });
  const { random, seal, ...shared } = options;
  const cache = upstashCache(database, { ...shared, ...(random && { random }) });
  return createStore(cache, upstashLock(database, shared), seal === undefined ? {} : { seal });
}

function storeOf(
  database: UpstashDatabase,
  { clock = systemClock, deadlineMs = 500 }: LockOptions,
): RedisStore {
  return createRedisStore(restPort(database, { clock, deadlineMs }));
}
