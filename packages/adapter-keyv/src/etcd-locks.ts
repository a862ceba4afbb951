/**
 * Leases in etcd: each one key under etcd's own lease, `lingpai/locks/<name>`, with the text `TTL:FENCE:OWNER`. Beside it
 * `lingpai/fences/<name>`, without a lease and never deleted, has the last fence.
 */
import type { Clock, LockDriver } from "@lingpai/core";
import type { EtcdKeys } from "./etcd.ts";

interface Held {
  readonly revision: string;
  readonly lease: string;
  readonly ttlMs: number;
  readonly fence: number;
  /** Undefined for what is foreign: it is nobody's, and never released. */
  readonly owner: string | undefined;
}

export function etcdLocks(keys: EtcdKeys, clock: Clock): LockDriver {
  const read = async (name: string): Promise<Held | undefined> => {
    const pair = await keys.read(lockKey(name));
    if (pair === undefined) return undefined;
    const [, ttl, fence, owner] = /^(\d+):(\d+):(.+)$/s.exec(pair.value.toString()) ?? [];
    return { revision: pair.mod_revision, lease: pair.lease, ttlMs: Number(ttl ?? Infinity), fence: Number(fence ?? 0), owner };
  };
  const remainingMs = async ({ lease, ttlMs }: Held): Promise<number> => Math.min((await keys.remainingMs(lease)) ?? Infinity, ttlMs);

  return {
    kind: "etcd",
    async tryAcquire(name, owner, ttlMs) {
      for (;;) {
        const last = await keys.read(fenceKey(name));
        const held = await read(name);
        const storeNowMs = clock.wallMs();
        if (held !== undefined && held.owner === owner) return { acquired: true, fence: held.fence, storeNowMs };
        if (held !== undefined) return { acquired: false, remainingMs: await remainingMs(held) };
        const fence = Math.max(Number(last?.value ?? 0) + 1, Math.floor(storeNowMs));
        const won = await keys.put(
          { key: lockKey(name), revision: "0", value: `${ttlMs}:${fence}:${owner}`, ttlMs },
          { key: fenceKey(name), revision: last?.mod_revision ?? "0", value: String(fence), ttlMs: undefined },
        );
        if (won) return { acquired: true, fence, storeNowMs };
      }
    },
    async extend(name, owner, ttlMs) {
      for (;;) {
        const held = await read(name);
        if (held === undefined || held.owner !== owner) return false;
        const left = await remainingMs(held);
        if (left === 0) return false;
        if (left > ttlMs) return true;
        // A lease's length cannot be changed, so the key moves to another one.
        const value = `${ttlMs}:${held.fence}:${owner}`;
        if (await keys.put({ key: lockKey(name), revision: held.revision, value, ttlMs })) return true;
      }
    },
    async release(name, owner) {
      const held = await read(name);
      return held !== undefined && held.owner === owner && keys.remove(lockKey(name), held.revision);
    },
  };
}

function lockKey(name: string): string {
  return `lingpai/locks/${name}`;
}

function fenceKey(name: string): string {
  return `lingpai/fences/${name}`;
}
