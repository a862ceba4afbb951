/**
 * Leases in etcd: each one key under etcd's own lease, `lingpai/locks/<name>`. Beside it
 * `lingpai/fences/<name>`, without a lease and never deleted, has the last fence.
 */
import type { Clock } from "@lingpai/core";
import type { LockDriver } from "@lingpai/core/driver";
import { leaseText, parseLease } from "../cas/cas.ts";
import type { CasPair } from "../cas/cas.ts";
import type { EtcdKeys } from "./etcd-keys.ts";

export function etcdLocks(keys: EtcdKeys, clock: Clock): LockDriver {
  /**
   * Makes a lease end `ttlMs` from now, never earlier than it would have; false when its key has
   * changed.
   */
  const prolong = async (
    key: string,
    owner: string,
    read: CasPair,
    ttlMs: number,
  ): Promise<boolean> => {
    // Told in seconds begun, the last of which may be nearly over.
    const mostMs = (await read.remainingMs()) ?? Infinity;
    if (mostMs - 1000 >= ttlMs) return true;
    // A lease's length cannot be changed, so the key moves to another one.
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
        // It may have changed by an extension that was still under way.
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
