/** Advisory leases in memcached: each one key, `lingpai/locks/<name>`, that stays after a release to carry the fence for as long as the server likes. */
import type { Clock, LockDriver } from "@lingpai/core";
import { leaseText, parseLease } from "./cas.ts";
import type { CasKeys, CasPair, LeaseText } from "./cas.ts";

export function memcachedLocks(keys: CasKeys, clock: Clock): LockDriver {
  const held = async (key: string, owner: string): Promise<{ readonly read: CasPair; readonly lease: LeaseText } | undefined> => {
    const read = await keys.read(key);
    const lease = read && parseLease(read.value);
    return read !== undefined && lease?.owner === owner ? { read, lease } : undefined;
  };

  return {
    kind: "memcached",
    async tryAcquire(name, owner, ttlMs) {
      const key = keyOf(name);
      for (;;) {
        const read = await keys.read(key);
        const lease = read && parseLease(read.value);
        const storeNowMs = clock.wallMs();
        if (lease?.owner === owner) return { acquired: true, fence: lease.fence, storeNowMs };
        if (read !== undefined && lease?.owner !== "") {
          return { acquired: false, remainingMs: Math.min((await read.remainingMs()) ?? Infinity, lease?.ttlMs ?? Infinity) };
        }
        const fence = Math.max((lease?.fence ?? 0) + 1, Math.floor(storeNowMs));
        if (await keys.put({ key, read, value: leaseText(ttlMs, fence, owner), ttlMs })) return { acquired: true, fence, storeNowMs };
      }
    },
    async extend(name, owner, ttlMs) {
      for (;;) {
        const mine = await held(keyOf(name), owner);
        if (mine === undefined) return false;
        const { read, lease } = mine;
        if (((await read.remainingMs()) ?? 0) > ttlMs) return true;
        if (await keys.put({ key: keyOf(name), read, value: leaseText(ttlMs, lease.fence, owner), ttlMs })) return true;
      }
    },
    async release(name, owner) {
      for (;;) {
        const mine = await held(keyOf(name), owner);
        if (mine === undefined) return false;
        const free = { key: keyOf(name), read: mine.read, value: leaseText(0, mine.lease.fence, ""), ttlMs: undefined };
        // It may have changed by an extension that was still under way.
        if (await keys.put(free)) return true;
      }
    },
  };
}

function keyOf(name: string): string {
  return `lingpai/locks/${name}`;
}
