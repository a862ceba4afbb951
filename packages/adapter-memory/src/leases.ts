import type { Busy, Granted } from "@lingpai/core";
import type { LockDriver } from "@lingpai/core/driver";
import { LRUCache } from "lru-cache";
import { createListeners } from "./listeners.ts";

export interface LeasesSettings {
  readonly storeNowMs: () => number;
  readonly maxLocks: number;
}

interface Lease {
  readonly owner: string;
  readonly fence: number;
  /** The first instant at which the lease is over. */
  readonly expiresAtMs: number;
}

/**
 * Makes the leases and fences of one store. Ended leases are swept when there are many. lru-cache
 * bounds the fences, and the highest evicted one is the floor for every name without one.
 */
export function createLeases({ storeNowMs, maxLocks }: LeasesSettings): LockDriver {
  const leases = new Map<string, Lease>();
  let floor = 0;
  const fences = new LRUCache<string, number>({
    // Not `max`, for which lru-cache would reserve all the room at once.
    maxSize: maxLocks,
    sizeCalculation: () => 1,
    dispose(fence, _name, reason) {
      if (reason === "evict") floor = Math.max(floor, fence);
    },
  });
  const waiters = createListeners<void>();
  let sweepAt = maxLocks;

  const find = (name: string, nowMs: number): Lease | undefined => {
    const lease = leases.get(name);
    return lease !== undefined && nowMs < lease.expiresAtMs ? lease : undefined;
  };

  const sweep = (nowMs: number): void => {
    if (leases.size < sweepAt) return;
    for (const [name, lease] of leases) if (nowMs >= lease.expiresAtMs) leases.delete(name);
    sweepAt = Math.max(maxLocks, 2 * leases.size);
  };

  const acquire = (name: string, owner: string, ttlMs: number): Granted | Busy => {
    const nowMs = storeNowMs();
    const held = find(name, nowMs);
    if (held !== undefined && held.owner !== owner)
      return { acquired: false, remainingMs: held.expiresAtMs - nowMs };
    if (held === undefined) sweep(nowMs);
    const fence = held?.fence ?? Math.max((fences.get(name) ?? floor) + 1, nowMs);
    fences.set(name, fence);
    leases.set(name, {
      owner,
      fence,
      expiresAtMs: Math.max(held?.expiresAtMs ?? 0, nowMs + ttlMs),
    });
    return { acquired: true, fence, storeNowMs: nowMs };
  };

  return {
    kind: "memory",
    tryAcquire: async (name, owner, ttlMs) => acquire(name, owner, ttlMs),
    async extend(name, owner, ttlMs) {
      const nowMs = storeNowMs();
      const held = find(name, nowMs);
      if (held?.owner !== owner) return false;
      leases.set(name, { ...held, expiresAtMs: Math.max(held.expiresAtMs, nowMs + ttlMs) });
      return true;
    },
    async release(name, owner) {
      if (find(name, storeNowMs())?.owner !== owner) return false;
      leases.delete(name);
      waiters.notify(name);
      return true;
    },
    onRelease: async (name, listener) => waiters.add(name, listener),
  };
}
