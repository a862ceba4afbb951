/**
 * Advisory leases in memcached. Each is one key, `lingpai/locks/<name>`. The key stays after a
 * release and carries the fence until the server evicts it.
 */
import type { Clock } from "@lingpai/core";
import type { LockDriver } from "@lingpai/core/driver";
import { leaseText, parseLease } from "../cas/cas.ts";
import type { CasKeys, CasPair } from "../cas/cas.ts";

export function memcachedLocks(keys: CasKeys, clock: Clock): LockDriver {
  const held = async (key: string, owner: string): Promise<CasPair | undefined> => {
    const read = await keys.read(key);
    return read && parseLease(read.value).owner === owner ? read : undefined;
  };

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
    const lease = parseLease(read.value);
    // This process's clock may have been set back since. A lease never has more left than it was
    // given.
    const leftMs = Math.min((await read.remainingMs()) ?? 0, lease.ttlMs);
    const longerMs = Math.max(ttlMs, leftMs);
    return keys.put({ key, read, value: leaseText(longerMs, lease.fence, owner), ttlMs: longerMs });
  };

  return {
    kind: "memcached",
    async tryAcquire(name, owner, ttlMs) {
      const key = keyOf(name);
      for (;;) {
        const read = await keys.read(key);
        const lease = read && parseLease(read.value);
        const storeNowMs = clock.wallMs();
        if (read !== undefined && lease?.owner === owner) {
          if (await prolong(key, owner, read, ttlMs))
            return { acquired: true, fence: lease.fence, storeNowMs };
          continue;
        }
        if (read !== undefined && lease?.owner !== "") {
          return {
            acquired: false,
            remainingMs: Math.min((await read.remainingMs()) ?? Infinity, lease?.ttlMs ?? Infinity),
          };
        }
        const fence = Math.max((lease?.fence ?? 0) + 1, Math.floor(storeNowMs));
        if (await keys.put({ key, read, value: leaseText(ttlMs, fence, owner), ttlMs }))
          return { acquired: true, fence, storeNowMs };
      }
    },
    async extend(name, owner, ttlMs) {
      for (;;) {
        const mine = await held(keyOf(name), owner);
        if (mine === undefined) return false;
        if (await prolong(keyOf(name), owner, mine, ttlMs)) return true;
      }
    },
    async release(name, owner) {
      for (;;) {
        const mine = await held(keyOf(name), owner);
        if (mine === undefined) return false;
        const free = {
          key: keyOf(name),
          read: mine,
          value: leaseText(0, parseLease(mine.value).fence, ""),
          ttlMs: undefined,
        };
        // An extension that was still in flight may have changed it.
        if (await keys.put(free)) return true;
      }
    },
  };
}

function keyOf(name: string): string {
  return `lingpai/locks/${name}`;
}
