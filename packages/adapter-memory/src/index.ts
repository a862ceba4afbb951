/**
 * Lingpai's cache and lock within one process, over lru-cache: the embedded default.
 *
 * Nothing is shared with other processes, and nothing survives this one. Within it the semantics
 * are complete: code for this store runs unchanged on Redis.
 *
 * @packageDocumentation
 */
import { requireObject, requireOptions, systemClock } from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import type { Cache, Clock, KindsOf, Lock, Store } from "@lingpai/core";
import type { CacheDriver, CacheOptions, LockDriver, LockOptions } from "@lingpai/core/driver";
import { requireBound } from "./bound.ts";
import { createEntries } from "./entries.ts";
import { createLeases } from "./leases.ts";
import { createStoreTime } from "./store-time.ts";

export interface MemoryStoreOptions {
  /** The store's time, by which entries and leases end. @defaultValue the machine's clock */
  readonly clock?: Clock;
  /**
   * How many entries are kept before the least recently used is evicted. At least 1.
   * @defaultValue 50_000
   */
  readonly maxEntries?: number;
  /**
   * How many bytes of names and values are kept before the least recently used entry is evicted.
   * Each UTF-16 unit counts as two. At least 1. An entry that is larger by itself is refused with
   * `CACHE_UNAVAILABLE` (`out-of-memory`). @defaultValue 64 MiB
   */
  readonly maxBytes?: number;
  /**
   * How many names' fences are remembered. At least 1. Held leases are kept beyond it.
   * @defaultValue 10_000
   */
  readonly maxLocks?: number;
}

/**
 * The counterpart of a Redis server. Pass one store to all caches and locks that share entries and
 * leases, or pass it as the `store` of a credential or a client, which uses its `cache` and `lock`.
 */
export interface MemoryStore extends Store {
  readonly clock: Clock;
  readonly entries: CacheDriver;
  readonly leases: LockDriver;
}

/**
 * Makes an empty store in this process's memory.
 *
 * An entry may be evicted before it expires, when a bound is reached. Watchers are notified of
 * writes, not of expiry or eviction. A held lease is never evicted. The next fence of a name is
 * higher than the last one, even if that was evicted, released or cleared.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a bound that is not a whole number of at least
 *   1.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  requireOptions("memoryStore()", options, {
    clock: "clock",
    maxBytes: "number",
    maxEntries: "number",
    maxLocks: "number",
  } satisfies KindsOf<MemoryStoreOptions>);
  const { clock = systemClock } = options;
  const storeNowMs = createStoreTime(clock);
  const entries = createEntries({
    storeNowMs,
    maxEntries: requireBound("maxEntries", options.maxEntries ?? 50_000),
    maxBytes: requireBound("maxBytes", options.maxBytes ?? 64 * 2 ** 20),
  });
  const leases = createLeases({
    storeNowMs,
    maxLocks: requireBound("maxLocks", options.maxLocks ?? 10_000),
  });
  return {
    clock,
    entries,
    leases,
    cache: createCache(entries, { clock }),
    lock: createLock(leases, { clock }),
  };
}

/**
 * Makes a cache over the store, or over a new one. Each call makes a client: closing it closes no
 * other, and loses no entry.
 */
export function memoryCache(store: MemoryStore = memoryStore(), options: CacheOptions = {}): Cache {
  requireObject("The memory store", store);
  requireObject("memoryCache()", options);
  return createCache(store.entries, { clock: store.clock, ...options });
}

/**
 * Makes a lock over the store, or over a new one. Each call makes a client with its own wait queue.
 */
export function memoryLock(store: MemoryStore = memoryStore(), options: LockOptions = {}): Lock {
  requireObject("The memory store", store);
  requireObject("memoryLock()", options);
  return createLock(store.leases, { clock: store.clock, ...options });
}
