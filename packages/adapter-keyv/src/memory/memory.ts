/**
 * The in-process Map under a Keyv. The Map only identifies the store. Entries and leases are kept
 * beside its contents, so neither `clear()` nor a key of the user's can reach them. All Keyvs over
 * one Map share them.
 */
import type { Clock, Entry, Unsubscribe, Version, WatchListener } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";
import { has, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily } from "../store/store.ts";

interface Stored {
  readonly value: string;
  readonly version: Version;
  readonly ttlMs: number | undefined;
  readonly expiresAtMs: number;
}

interface Lease {
  owner: string | undefined;
  fence: number;
  expiresAtMs: number;
}

interface Watcher {
  readonly scope: string;
  readonly listener: WatchListener;
}

interface Contents {
  readonly entries: Map<string, Stored>;
  readonly leases: Map<string, Lease>;
  readonly watchers: Set<Watcher>;
  readonly waiters: Set<{ readonly name: string; readonly listener: () => void }>;
  readonly nowMs: () => number;
}

/** A registered symbol, so that two copies of this package see the same contents. */
const contentsKey: unique symbol = Symbol.for("@lingpai/adapter-keyv/contents");

export const memory: StoreFamily = {
  ofClient: (client, { clock }) => (isMap(client) ? memoryStore(client, clock) : undefined),
  ofAdapter: (adapter, { clock }) => (isMap(adapter) ? memoryStore(adapter, clock) : undefined),
};

/** A Map, or an object with a Map's members: lru-cache, quick-lru. */
function isMap(value: unknown): value is object {
  return (
    has<Map<unknown, unknown>>(value, "get", "set", "delete", "clear", "has", "keys") &&
    isObject(value) &&
    typeof value["size"] === "number" &&
    Symbol.iterator in value
  );
}

function memoryStore(map: object, clock: Clock): AtomicStore {
  const contents = contentsOf(map, clock);
  return {
    kind: "Map",
    facts: { scope: "process", fencing: true, clock: "server" },
    cache: memoryCache(contents),
    lock: memoryLock(contents),
  };
}

/**
 * All users share the first user's clock. It reads the wall clock once, and is monotonic from then
 * on.
 */
function contentsOf(map: { [contentsKey]?: Contents }, clock: Clock): Contents {
  const present = map[contentsKey];
  if (present !== undefined) return present;
  const originMs = Math.floor(clock.wallMs()) - clock.monotonicMs();
  const contents: Contents = {
    entries: new Map(),
    leases: new Map(),
    watchers: new Set(),
    waiters: new Set(),
    nowMs: () => Math.floor(originMs + clock.monotonicMs()),
  };
  Object.defineProperty(map, contentsKey, { value: contents });
  return contents;
}

function memoryCache({ entries, watchers, nowMs }: Contents): CacheDriver {
  const live = (name: string): Stored | undefined => {
    const stored = entries.get(name);
    if (stored === undefined || stored.expiresAtMs > nowMs()) return stored;
    entries.delete(name);
    return undefined;
  };
  const tell = (name: string): void => {
    for (const { scope, listener } of [...watchers])
      if (name.startsWith(scope)) queueMicrotask(() => listener(name));
  };
  const remove = (name: string): void => {
    entries.delete(name);
    tell(name);
  };
  return {
    kind: "Map",
    get: async (name) => {
      const stored = live(name);
      return stored && toEntry(stored, nowMs());
    },
    set: async (name, value, { version, ttlMs, ifVersion }) => {
      const current = live(name)?.version;
      const storeNowMs = nowMs();
      if (current === version) return { written: true, version, storeNowMs };
      if (ifVersion !== undefined && (current ?? "absent") !== ifVersion)
        return { written: false, version: current, storeNowMs };
      entries.set(name, { value, version, ttlMs, expiresAtMs: storeNowMs + (ttlMs ?? Infinity) });
      tell(name);
      return { written: true, version, storeNowMs };
    },
    delete: async (name, ifVersion) => {
      const current = live(name);
      if (current === undefined || (ifVersion !== undefined && current.version !== ifVersion))
        return false;
      remove(name);
      return true;
    },
    clear: async (scope) => {
      const names = [...entries.keys()].filter(
        (name) => name.startsWith(scope) && live(name) !== undefined,
      );
      names.forEach(remove);
      return names.length;
    },
    async *names(scope) {
      for (const name of [...entries.keys()])
        if (name.startsWith(scope) && live(name) !== undefined) yield name;
    },
    watch: async (scope, listener) => subscribe(watchers, { scope, listener }),
    close: async () => {},
  };
}

/**
 * The sum of an instant and a very long time is rounded, so the time to live cannot be computed
 * back from it.
 */
function toEntry({ value, version, ttlMs, expiresAtMs }: Stored, storeNowMs: number): Entry {
  return { value, version, ttlMs: ttlMs && Math.min(ttlMs, expiresAtMs - storeNowMs), storeNowMs };
}

/** Leases are never removed: each carries its name's fence. */
function memoryLock({ leases, waiters, nowMs }: Contents): LockDriver {
  const held = (name: string, owner: string): Lease | undefined => {
    const lease = leases.get(name);
    return lease !== undefined && lease.owner === owner && lease.expiresAtMs > nowMs()
      ? lease
      : undefined;
  };
  return {
    kind: "Map",
    tryAcquire: async (name, owner, ttlMs) => {
      const storeNowMs = nowMs();
      const lease = leases.get(name) ?? { owner: undefined, fence: 0, expiresAtMs: 0 };
      const remainingMs = lease.expiresAtMs - storeNowMs;
      if (remainingMs > 0 && lease.owner !== owner) return { acquired: false, remainingMs };
      if (remainingMs <= 0) lease.fence = Math.max(lease.fence + 1, storeNowMs);
      lease.owner = owner;
      lease.expiresAtMs = Math.max(lease.expiresAtMs, storeNowMs + ttlMs);
      leases.set(name, lease);
      return { acquired: true, fence: lease.fence, storeNowMs };
    },
    extend: async (name, owner, ttlMs) => {
      const lease = held(name, owner);
      if (lease === undefined) return false;
      lease.expiresAtMs = Math.max(lease.expiresAtMs, nowMs() + ttlMs);
      return true;
    },
    release: async (name, owner) => {
      const lease = held(name, owner);
      if (lease === undefined) return false;
      lease.owner = undefined;
      lease.expiresAtMs = 0;
      for (const waiter of [...waiters]) if (waiter.name === name) queueMicrotask(waiter.listener);
      return true;
    },
    onRelease: async (name, listener) => subscribe(waiters, { name, listener }),
  };
}

function subscribe<T>(subscribers: Set<T>, subscriber: T): Unsubscribe {
  subscribers.add(subscriber);
  return async () => {
    subscribers.delete(subscriber);
  };
}
