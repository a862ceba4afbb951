/**
 * Lingpai's cache and lock within one process, over lru-cache: the embedded default.
 *
 * Nothing is shared between processes and nothing outlives this one. Within it the semantics are complete: what runs against
 * this store runs unchanged against Redis.
 *
 * @packageDocumentation
 */
import { createCache, createLock, systemClock, systemRandom } from "@lingpai/core";
import type { Cache, Clock, Lock, Random } from "@lingpai/core";
import { requireBound } from "./bound.ts";
import { createEntries } from "./entries.ts";
import { createLeases } from "./leases.ts";
import { createStoreTime } from "./store-time.ts";

export interface MemoryStoreOptions {
  /** The store's time, by which entries and leases end. @defaultValue the machine's clock */
  readonly clock?: Clock;
  /** Draws the versions. @defaultValue the machine's random source */
  readonly random?: Random;
  /** How many entries are kept before the least recently used goes. At least 1. @defaultValue 50_000 */
  readonly maxEntries?: number;
  /**
   * How many bytes of names and values are kept, counted as two for each UTF-16 unit, before the least recently used goes. At
   * least 1; a value that is larger by itself is refused with `CACHE_UNAVAILABLE` (`out-of-memory`). @defaultValue 64 MiB
   */
  readonly maxBytes?: number;
  /** How many names' fences are remembered one by one. At least 1; a lease that is held counts, but never goes. @defaultValue 10_000 */
  readonly maxLocks?: number;
}

/** One client's sight of the store. */
export interface MemoryClient {
  readonly cache: Cache;
  readonly lock: Lock;
}

export interface MemoryStore extends MemoryClient {
  /**
   * One more client of the same store, as another process would be one of a Redis: it sees the same entries and leases, and has
   * subscriptions and waiters of its own. Closing its cache closes nobody else's.
   */
  connect(): MemoryClient;
}

/**
 * A store in this process's memory, with a first client.
 *
 * An entry may be evicted before it expires, when a bound is reached; watchers are told of writes only, not of expiry or eviction.
 * A lease that is held is never evicted, and a fence rises also when the one before was: `clear` and eviction leave its floor.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a bound that is not a whole number of at least 1.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { clock = systemClock, random = systemRandom } = options;
  const storeNowMs = createStoreTime(clock);
  const entries = createEntries({
    storeNowMs,
    maxEntries: requireBound("maxEntries", options.maxEntries ?? 50_000),
    maxBytes: requireBound("maxBytes", options.maxBytes ?? 64 * 2 ** 20),
  });
  const leases = createLeases({ storeNowMs, maxLocks: requireBound("maxLocks", options.maxLocks ?? 10_000) });
  const connect = (): MemoryClient => ({
    cache: createCache(entries, { clock, random }),
    lock: createLock(leases, { clock }),
  });
  return { ...connect(), connect };
}
