/**
 * The rules of a simulated store. Each is one atomic step, as a script is on a server. Mutants
 * replace single rules.
 */
import type { Busy, Conflict, Entry, Granted, Written } from "@lingpai/core";
import type { DriverWrite } from "@lingpai/core/driver";

export type Item = { readonly expiresAtMs: number } & (
  | {
      readonly kind: "entry";
      readonly value: string;
      readonly version: string;
      readonly ttlMs: number | undefined;
    }
  | { readonly kind: "lease"; readonly owner: string; readonly fence: number }
  | { readonly kind: "fence"; readonly fence: number }
  | { readonly kind: "foreign"; readonly content: string }
);

/** The data that one atomic step can access. */
export interface Shard {
  readonly data: Map<string, Item>;
  readonly nowMs: number;
  publish(channel: string, message: string): void;
}

/** The keys and channels of one name. */
export interface Layout {
  lock(name: string): string;
  fence(name: string): string;
  changes(scope: string): string;
}

export interface StoreRules {
  readonly layout: Layout;
  get(shard: Shard, name: string): Entry | undefined;
  set(shard: Shard, name: string, value: string, write: DriverWrite): Written | Conflict;
  delete(shard: Shard, name: string, ifVersion: string | undefined): boolean;
  /** Returns the names of the live entries in the scope. */
  names(shard: Shard, scope: string): string[];
  acquire(shard: Shard, name: string, owner: string, ttlMs: number): Granted | Busy;
  extend(shard: Shard, name: string, owner: string, ttlMs: number): boolean;
  release(shard: Shard, name: string, owner: string): boolean;
}

/** An error answer of the server. Its first word is the kind. */
export class ServerError extends Error {}

/** Returns the live item under a key. It drops an expired one. */
export function find(shard: Shard, key: string): Item | undefined {
  const item = shard.data.get(key);
  if (item === undefined || shard.nowMs < item.expiresAtMs) return item;
  shard.data.delete(key);
  return undefined;
}

export function findEntry(
  shard: Shard,
  name: string,
): (Item & { readonly kind: "entry" }) | undefined {
  const item = find(shard, name);
  if (item === undefined || item.kind === "entry") return item;
  throw new ServerError("WRONGTYPE the stored value is not an entry");
}

export function findLease(
  shard: Shard,
  key: string,
): (Item & { readonly kind: "lease" }) | "foreign" | undefined {
  const item = find(shard, key);
  return item === undefined || item.kind === "lease" ? item : "foreign";
}

export function scopeOfName(name: string): string {
  return name.slice(0, name.lastIndexOf("{") + 1);
}

export const soundLayout: Layout = {
  lock: (name) => `${name}::lock`,
  fence: (name) => `${name}::fence`,
  changes: (scope) => `${scope}}::changes`,
};

type EntryRules = Pick<StoreRules, "get" | "set" | "delete" | "names">;
type LeaseRules = Pick<StoreRules, "acquire" | "extend" | "release">;

export const storeRules = (layout: Layout): StoreRules => ({
  layout,
  ...entryRules(layout),
  ...leaseRules(layout),
});

const entryRules = (layout: Layout): EntryRules => ({
  get(shard, name) {
    const entry = findEntry(shard, name);
    if (entry === undefined) return undefined;
    const { value, version, ttlMs, expiresAtMs } = entry;
    return {
      value,
      version,
      ttlMs: ttlMs && Math.min(ttlMs, expiresAtMs - shard.nowMs),
      storeNowMs: shard.nowMs,
    };
  },
  set(shard, name, value, { version, ttlMs, ifVersion }) {
    const entry = findEntry(shard, name);
    const storeNowMs = shard.nowMs;
    if (entry?.version === version) return { written: true, version, storeNowMs };
    if (ifVersion !== undefined && (entry?.version ?? "absent") !== ifVersion)
      return { written: false, version: entry?.version, storeNowMs };
    shard.data.set(name, {
      kind: "entry",
      value,
      version,
      ttlMs,
      expiresAtMs: ttlMs === undefined ? Infinity : storeNowMs + ttlMs,
    });
    shard.publish(layout.changes(scopeOfName(name)), name);
    return { written: true, version, storeNowMs };
  },
  delete(shard, name, ifVersion) {
    const entry = findEntry(shard, name);
    if (entry === undefined || (ifVersion !== undefined && entry.version !== ifVersion))
      return false;
    shard.data.delete(name);
    shard.publish(layout.changes(scopeOfName(name)), name);
    return true;
  },
  names(shard, scope) {
    return [...shard.data.keys()].filter(
      (key) => key.startsWith(scope) && find(shard, key)?.kind === "entry",
    );
  },
});

const leaseRules = (layout: Layout): LeaseRules => ({
  acquire(shard, name, owner, ttlMs) {
    const key = layout.lock(name);
    const held = findLease(shard, key);
    if (held === "foreign") return { acquired: false, remainingMs: Infinity };
    if (held !== undefined && held.owner !== owner)
      return { acquired: false, remainingMs: held.expiresAtMs - shard.nowMs };
    const stored = find(shard, layout.fence(name));
    const fence =
      held?.fence ?? Math.max((stored?.kind === "fence" ? stored.fence : 0) + 1, shard.nowMs);
    shard.data.set(key, {
      kind: "lease",
      owner,
      fence,
      expiresAtMs: Math.max(held?.expiresAtMs ?? 0, shard.nowMs + ttlMs),
    });
    shard.data.set(layout.fence(name), { kind: "fence", fence, expiresAtMs: Infinity });
    return { acquired: true, fence, storeNowMs: shard.nowMs };
  },
  extend(shard, name, owner, ttlMs) {
    const key = layout.lock(name);
    const held = findLease(shard, key);
    if (held === undefined || held === "foreign" || held.owner !== owner) return false;
    shard.data.set(key, { ...held, expiresAtMs: Math.max(held.expiresAtMs, shard.nowMs + ttlMs) });
    return true;
  },
  release(shard, name, owner) {
    const key = layout.lock(name);
    const held = findLease(shard, key);
    if (held === undefined || held === "foreign" || held.owner !== owner) return false;
    shard.data.delete(key);
    shard.publish(key, "released");
    return true;
  },
});
