import { CacheUnavailableError } from "@lingpai/core";
import type { Conflict, Entry, Version, Written } from "@lingpai/core";
import type { CacheDriver, DriverWrite } from "@lingpai/core/driver";
import { LRUCache } from "lru-cache";
import { createListeners, type Listeners } from "./listeners.ts";

export interface EntriesSettings {
  readonly storeNowMs: () => number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

interface Stored {
  readonly value: string;
  readonly version: Version;
  readonly ttlMs: number | undefined;
  /** The first instant at which the entry is gone. */
  readonly expiresAtMs: number;
}

/**
 * Makes the entries of one store. lru-cache bounds them and chooses the ones to evict. Expiry is
 * decided here, because lru-cache calls an entry stale only after its last millisecond, and an
 * entry must be gone for `set` at the same instant as for `get`.
 */
export function createEntries(settings: EntriesSettings): CacheDriver {
  const { storeNowMs } = settings;
  const { find, list, remove, watchers, write } = createTable(settings);
  return {
    kind: "memory",
    async get(name): Promise<Entry | undefined> {
      const nowMs = storeNowMs();
      const stored = find(name, nowMs);
      if (stored === undefined) return undefined;
      const { value, version, ttlMs, expiresAtMs } = stored;
      // Beyond 2^53 the sum is rounded, perhaps up. The rest never exceeds the value that was set.
      return {
        value,
        version,
        ttlMs: ttlMs && Math.min(ttlMs, expiresAtMs - nowMs),
        storeNowMs: nowMs,
      };
    },
    set: async (name, value, change) => write(name, value, change),
    async delete(name, ifVersion) {
      const stored = find(name, storeNowMs());
      if (stored === undefined || (ifVersion !== undefined && stored.version !== ifVersion))
        return false;
      remove(name);
      return true;
    },
    async clear(scope) {
      const names = list(scope);
      for (const name of names) remove(name);
      return names.length;
    },
    async *names(scope) {
      yield* list(scope);
    },
    watch: async (scope, listener) => watchers.add(scope, listener),
    close: async () => {},
  };
}

interface Table {
  readonly watchers: Listeners<string | undefined>;
  /** Returns the live entry of this name. It drops an expired one. */
  find(name: string, nowMs: number): Stored | undefined;
  /** Returns the live names of a scope. Listing is not use, so it saves none from eviction. */
  list(scope: string): string[];
  remove(name: string): void;
  write(name: string, value: string, change: DriverWrite): Written | Conflict;
}

function createTable({ storeNowMs, maxEntries, maxBytes }: EntriesSettings): Table {
  // No `max`: lru-cache would reserve the room of that many entries at once, 2 MB for the default.
  const entries = new LRUCache<string, Stored>({
    maxSize: maxBytes,
    sizeCalculation: ({ value }, name) => sizeOf(name, value),
  });
  const watchers = createListeners<string | undefined>();

  const find = (name: string, nowMs: number): Stored | undefined => {
    const stored = entries.get(name);
    if (stored === undefined || nowMs < stored.expiresAtMs) return stored;
    entries.delete(name);
    return undefined;
  };

  const remove = (name: string): void => {
    entries.delete(name);
    watchers.notify(scopeOfName(name), name);
  };

  const list = (scope: string): string[] => {
    const nowMs = storeNowMs();
    const isLive = (name: string): boolean => nowMs < (entries.peek(name)?.expiresAtMs ?? 0);
    return [...entries.keys()].filter((name) => name.startsWith(scope) && isLive(name));
  };

  const write = (
    name: string,
    value: string,
    { version, ttlMs, ifVersion }: DriverWrite,
  ): Written | Conflict => {
    const nowMs = storeNowMs();
    const stored = find(name, nowMs);
    if (stored?.version === version) return { written: true, version, storeNowMs: nowMs };
    if (ifVersion !== undefined && (stored?.version ?? "absent") !== ifVersion) {
      return { written: false, version: stored?.version, storeNowMs: nowMs };
    }
    if (sizeOf(name, value) > maxBytes) {
      throw new CacheUnavailableError(
        `An entry of ${sizeOf(name, value)} bytes was refused: the store's maxBytes is ${maxBytes}.`,
        {
          reason: "out-of-memory",
          retryable: false,
        },
      );
    }
    entries.set(name, {
      value,
      version,
      ttlMs,
      expiresAtMs: ttlMs === undefined ? Infinity : nowMs + ttlMs,
    });
    if (entries.size > maxEntries) entries.pop();
    watchers.notify(scopeOfName(name), name);
    return { written: true, version, storeNowMs: nowMs };
  };

  return { watchers, find, list, remove, write };
}

function sizeOf(name: string, value: string): number {
  return 2 * (name.length + value.length);
}

function scopeOfName(name: string): string {
  return name.slice(0, name.indexOf("{") + 1);
}
