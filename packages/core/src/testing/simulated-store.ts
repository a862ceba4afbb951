/**
 * A store in memory with entries, leases and messages, like a Redis primary. It can fall back to an
 * earlier state, as after a failover.
 */
import type { Cache, Entry, WatchListener } from "../cache/cache.ts";
import type { CacheDriver } from "../cache/cache-driver.ts";
import { createCache } from "../cache/create-cache.ts";
import { createLock } from "../lock/create-lock.ts";
import type { Lock } from "../lock/lock.ts";
import type { LockDriver } from "../lock/lock-driver.ts";
import type { Random } from "../random.ts";
import type { Clock } from "../time/time.ts";

export interface SimulatedStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** True when it reports changes. @defaultValue true */
  readonly pushesChanges?: boolean;
  /** The store's time in whole ms. @defaultValue the clock's wall time */
  readonly nowMs?: () => number;
  /** How long one of its clients waits for an answer, in ms. @defaultValue 500 */
  readonly deadlineMs?: number;
}

export interface SimulatedStore {
  /** Returns a view of the entries for one client. Each call is another client. */
  cache(): Cache;
  lock(): Lock;
  /** Returns what a replica has at this moment. */
  snapshot(): StoreImage;
  /**
   * Promotes a replica with this image. Later writes are lost, and watchers are notified to read
   * everything again.
   */
  failOver(image: StoreImage): void;
  /** How many commands it has executed, subscriptions not counted. */
  readonly commands: number;
  /** How many subscriptions stand. */
  readonly subscriptions: number;
}

export interface StoreImage {
  readonly entries: ReadonlyMap<string, StoredEntry>;
  readonly leases: ReadonlyMap<string, StoredLease>;
}

interface StoredEntry {
  readonly value: string;
  readonly version: string;
  readonly expiresAtMs: number | undefined;
}

interface StoredLease {
  readonly owner: string | undefined;
  readonly fence: number;
  readonly expiresAtMs: number;
}

export function simulatedStore(options: SimulatedStoreOptions): SimulatedStore {
  const { clock, random, deadlineMs = 500 } = options;
  const nowMs = options.nowMs ?? (() => clock.wallMs());
  const entries = new Map<string, StoredEntry>();
  const leases = new Map<string, StoredLease>();
  const watchers = new Set<{ readonly scope: string; readonly listener: WatchListener }>();
  const count = { commands: 0 };
  const tell = (name: string | undefined): void => {
    for (const { scope, listener } of [...watchers]) {
      if (name === undefined || name.startsWith(scope)) queueMicrotask(() => listener(name));
    }
  };
  const world: World = { entries, leases, nowMs, tell, count };
  const watch: NonNullable<CacheDriver["watch"]> = async (scope, listener) => {
    const watcher = { scope, listener };
    watchers.add(watcher);
    return async () => void watchers.delete(watcher);
  };
  const driver: CacheDriver = {
    ...entriesOf(world),
    ...((options.pushesChanges ?? true) && { watch }),
  };

  return {
    cache: () => createCache(driver, { clock, random, deadlineMs }),
    lock: () => createLock(leasesOf(world), { clock, deadlineMs }),
    snapshot: () => ({ entries: new Map(entries), leases: new Map(leases) }),
    failOver(image) {
      replace(entries, image.entries);
      replace(leases, image.leases);
      tell(undefined);
    },
    get commands() {
      return count.commands;
    },
    get subscriptions() {
      return watchers.size;
    },
  };
}

interface World {
  readonly entries: Map<string, StoredEntry>;
  readonly leases: Map<string, StoredLease>;
  readonly nowMs: () => number;
  readonly tell: (name: string) => void;
  readonly count: { commands: number };
}

function entriesOf({ entries, nowMs, tell, count }: World): CacheDriver {
  const live = (name: string): StoredEntry | undefined => {
    const entry = entries.get(name);
    if (entry?.expiresAtMs === undefined || nowMs() < entry.expiresAtMs) return entry;
    entries.delete(name);
    return undefined;
  };
  return {
    kind: "simulated",
    async get(name) {
      count.commands += 1;
      const entry = live(name);
      return entry && shown(entry, nowMs());
    },
    async set(name, value, { version, ttlMs, ifVersion }) {
      count.commands += 1;
      const storeNowMs = nowMs();
      const stored = live(name)?.version;
      if (stored === version) return { written: true, version, storeNowMs };
      if (ifVersion !== undefined && ifVersion !== (stored ?? "absent"))
        return { written: false, version: stored, storeNowMs };
      entries.set(name, {
        value,
        version,
        expiresAtMs: ttlMs === undefined ? undefined : storeNowMs + ttlMs,
      });
      tell(name);
      return { written: true, version, storeNowMs };
    },
    async delete(name, ifVersion) {
      count.commands += 1;
      const stored = live(name)?.version;
      if (stored === undefined || (ifVersion !== undefined && ifVersion !== stored)) return false;
      entries.delete(name);
      tell(name);
      return true;
    },
    async clear(scope) {
      count.commands += 1;
      const names = [...entries.keys()].filter(
        (name) => name.startsWith(scope) && live(name) !== undefined,
      );
      for (const name of names) entries.delete(name);
      for (const name of names) tell(name);
      return names.length;
    },
    async *names(scope) {
      count.commands += 1;
      for (const name of [...entries.keys()])
        if (name.startsWith(scope) && live(name) !== undefined) yield name;
    },
    async close() {},
  };
}

function leasesOf({ leases, nowMs, count }: World): LockDriver {
  const holder = (name: string): StoredLease | undefined => {
    const lease = leases.get(name);
    return lease?.owner !== undefined && nowMs() < lease.expiresAtMs ? lease : undefined;
  };
  return {
    kind: "simulated",
    async tryAcquire(name, owner, ttlMs) {
      count.commands += 1;
      const storeNowMs = nowMs();
      const held = holder(name);
      if (held !== undefined && held.owner !== owner)
        return { acquired: false, remainingMs: held.expiresAtMs - storeNowMs };
      const fence = held?.fence ?? Math.max((leases.get(name)?.fence ?? 0) + 1, storeNowMs);
      leases.set(name, {
        owner,
        fence,
        expiresAtMs: Math.max(held?.expiresAtMs ?? 0, storeNowMs + ttlMs),
      });
      return { acquired: true, fence, storeNowMs };
    },
    async extend(name, owner, ttlMs) {
      count.commands += 1;
      const held = holder(name);
      if (held?.owner !== owner) return false;
      leases.set(name, { ...held, expiresAtMs: Math.max(held.expiresAtMs, nowMs() + ttlMs) });
      return true;
    },
    async release(name, owner) {
      count.commands += 1;
      const held = holder(name);
      if (held?.owner !== owner) return false;
      leases.set(name, { owner: undefined, fence: held.fence, expiresAtMs: 0 });
      return true;
    },
  };
}

function shown({ value, version, expiresAtMs }: StoredEntry, storeNowMs: number): Entry {
  return {
    value,
    version,
    ttlMs: expiresAtMs === undefined ? undefined : expiresAtMs - storeNowMs,
    storeNowMs,
  };
}

function replace<V>(map: Map<string, V>, content: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [name, value] of content) map.set(name, value);
}
