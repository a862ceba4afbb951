/**
 * Leases in etcd. Each is one key under an etcd lease, `lingpai/locks/<name>`. The key
 * `lingpai/fences/<name>` beside it has no lease, is never deleted, and holds the last fence.
 */
import type { Clock } from "@lingpai/core";
import type { LockDriver } from "@lingpai/core/driver";
import { leaseText, parseLease } from "../cas/cas.ts";
import type { CasPair } from "../cas/cas.ts";
import type { EtcdKeys } from "./etcd-keys.ts";

export function etcdLocks(keys: EtcdKeys, clock: Clock): LockDriver {
  /**
   * Makes a lease end `ttlMs` from now, but never earlier than before. Resolves to false if its key
   * has changed.
   */
  const prolong = async (
    key: string,
    owner: string,
    read: CasPair,
    ttlMs: number,
  ): Promise<boolean> => {
    // The remaining time is rounded up to seconds, so the last second may be nearly over.
    const mostMs = (await read.remainingMs()) ?? Infinity;
    if (mostMs - 1000 >= ttlMs) return true;
    // The length of an etcd lease cannot be changed, so the key moves to another etcd lease.
    return keys.put({
      key,
      read,
      value: leaseText(ttlMs, parseLease(read.value).fence, owner),
      ttlMs,
    });
  };

  return {
    kind: "etcd",
    async tryAcquire(name, owner, ttlMs) {
      for (;;) {
        const last = await keys.read(fenceKey(name));
        const held = await keys.read(lockKey(name));
        const storeNowMs = clock.wallMs();
        if (held !== undefined) {
          const lease = parseLease(held.value);
          if (lease.owner !== owner)
            return {
              acquired: false,
              remainingMs: Math.min((await held.remainingMs()) ?? Infinity, lease.ttlMs),
            };
          if (await prolong(lockKey(name), owner, held, ttlMs))
            return { acquired: true, fence: lease.fence, storeNowMs };
          continue;
        }
        const fence = Math.max(Number(last?.value ?? 0) + 1, Math.floor(storeNowMs));
        const won = await keys.put(
          { key: lockKey(name), read: undefined, value: leaseText(ttlMs, fence, owner), ttlMs },
          { key: fenceKey(name), read: last, value: String(fence), ttlMs: undefined },
        );
        if (won) return { acquired: true, fence, storeNowMs };
      }
    },
    async extend(name, owner, ttlMs) {
      const key = lockKey(name);
      for (;;) {
        const read = await keys.read(key);
        if (read === undefined || parseLease(read.value).owner !== owner) return false;
        if (await prolong(key, owner, read, ttlMs)) return true;
      }
    },
    async release(name, owner) {
      const key = lockKey(name);
      for (;;) {
        const read = await keys.read(key);
        if (read === undefined || parseLease(read.value).owner !== owner) return false;
        // An extension that was still in flight may have changed it.
        if (await keys.remove(key, read)) return true;
      }
    },
  };
}

function lockKey(name: string): string {
  return `lingpai/locks/${name}`;
}

function fenceKey(name: string): string {
  return `lingpai/fences/${name}`;
}
