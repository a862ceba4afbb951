/** The stores over which many credentials are measured, with their subscriptions at rest. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { createCache, type CacheDriver } from "@lingpai/core/driver";
import type { Redis } from "ioredis";
import type { Store } from "./costs.ts";

/**
 * All processes start at once, and share the processors with the server, so answers are slow. None
 * counts as late.
 */
const deadlineMs = 10_000;

export function onRedis(client: Redis): Store {
  return {
    cache: ioredisCache(client, { deadlineMs }),
    lock: ioredisLock(client, { deadlineMs }),
    isHere: false,
    subscriptions: async () => (await client.pubsub("CHANNELS")).length,
  };
}

/** @param credentialsMax the largest number of stored credentials */
export function inMemory(credentialsMax: number): Store {
  // A document and a claim for each.
  const maxEntries = 2 * credentialsMax;
  const store = memoryStore({ maxEntries, maxBytes: 2 ** 30, maxLocks: maxEntries });
  const { entries } = store;
  let standing = 0;
  const watch: NonNullable<CacheDriver["watch"]> = async (scope, listener) => {
    const end = await entries.watch?.(scope, listener);
    standing += 1;
    return async () => {
      standing -= 1;
      await end?.();
    };
  };
  return {
    cache: createCache({ ...entries, watch }),
    lock: memoryLock(store),
    isHere: true,
    subscriptions: async () => standing,
  };
}
