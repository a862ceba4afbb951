/** Ways to look up one cached value in this process. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import * as core from "@lingpai/core";
import { systemClock, type Credential } from "@lingpai/core";
import { createCache as createDedupe } from "async-cache-dedupe";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { Cacheable } from "cacheable";
import Keyv6 from "keyv";
import Keyv5 from "keyv5";
import { Loader } from "layered-loader";
import { LRUCache } from "lru-cache";
import { named } from "../versions.ts";

export interface HotContender {
  readonly name: string;
  readonly side: "base" | "ours" | "peer";
  /** `direct` returns the value itself, `awaited` a promise of it. */
  readonly kind: "direct" | "awaited";
  hit(): unknown;
}

/** As long as a WeChat token. */
const token = "t".repeat(136);
const key = "wx0123456789abcdef";
const ttlMs = 7_200_000;
const load = async (_key?: unknown): Promise<string> => token;

export const baseNames = {
  direct: "Map.get + clock",
  awaited: "async function around Map.get",
} as const;

export function bases(): readonly HotContender[] {
  const tokens = new Map([[key, token]]);
  const entries = new Map([[key, { token, untilMs: systemClock.monotonicMs() + ttlMs }]]);
  const get = async (name: string): Promise<string | undefined> => tokens.get(name);
  const getInTime = async (name: string): Promise<string | undefined> => {
    const entry = entries.get(name);
    return entry !== undefined && systemClock.monotonicMs() < entry.untilMs
      ? entry.token
      : undefined;
  };
  const resolved = Promise.resolve(token);
  return [
    { name: "Map.get", side: "base", kind: "direct", hit: () => tokens.get(key) },
    {
      name: baseNames.direct,
      side: "base",
      kind: "direct",
      hit: () => {
        const entry = entries.get(key);
        return entry !== undefined && systemClock.monotonicMs() < entry.untilMs
          ? entry.token
          : undefined;
      },
    },
    { name: "clock alone", side: "base", kind: "direct", hit: () => systemClock.monotonicMs() },
    { name: baseNames.awaited, side: "base", kind: "awaited", hit: () => get(key) },
    { name: "a resolved promise alone", side: "base", kind: "awaited", hit: () => resolved },
    {
      name: "async function around Map.get + clock",
      side: "base",
      kind: "awaited",
      hit: () => getInTime(key),
    },
  ];
}

/** A credential of this copy of core. It stays fresh for the whole run. */
export async function ours({ credential }: Pick<typeof core, "credential"> = core): Promise<{
  readonly contenders: readonly HotContender[];
  readonly credential: Credential;
}> {
  const store = memoryStore();
  const held = credential({
    issuer: {
      id: "bench:hot",
      policy: { kind: "supersede", overlapMs: 300_000 },
      lifetimeMs: ttlMs,
      issue: async () => ({ secret: token, expiresInMs: ttlMs }),
    },
    cache: memoryCache(store),
    lock: memoryLock(store),
    environment: "bench",
  });
  await held.get();
  const contenders: readonly HotContender[] = [
    { name: "lingpai peek()", side: "ours", kind: "direct", hit: () => held.peek() },
    { name: "lingpai get()", side: "ours", kind: "awaited", hit: () => held.get() },
  ];
  return { contenders, credential: held };
}

/**
 * Each uses memory only, with the same time to live. If there are two ways to read, both are
 * measured, and the one that fills the cache comes first.
 */
export async function peers(): Promise<readonly HotContender[]> {
  const lru = new LRUCache<string, string>({ max: 100, ttl: ttlMs, fetchMethod: load });
  const punctualLru = new LRUCache<string, string>({
    max: 100,
    ttl: ttlMs,
    ttlResolution: 0,
    fetchMethod: load,
  });
  lru.set(key, token);
  punctualLru.set(key, token);
  const loader = new Loader<string>({
    inMemoryCache: { ttlInMsecs: ttlMs },
    dataSourceGetOneFn: load,
  });
  const bento = new BentoCache({
    default: "memory",
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 100 })) },
    ttl: ttlMs,
  });
  const cacheable = new Cacheable({ ttl: ttlMs });
  const manager = createManager({ ttl: ttlMs });
  const dedupe = createDedupe({ ttl: ttlMs / 1000, storage: { type: "memory" } }).define(
    "token",
    load,
  );
  const keyv5 = new Keyv5({ ttl: ttlMs });
  const keyv6 = new Keyv6({ ttl: ttlMs });
  await keyv5.set(key, token);
  await keyv6.set(key, token);
  await manager.set(key, token);

  await loader.get(key);

  const awaited = (name: string, hit: () => unknown): HotContender => ({
    name,
    side: "peer",
    kind: "awaited",
    hit,
  });
  return [
    { name: `${named("lru-cache")} get`, side: "peer", kind: "direct", hit: () => lru.get(key) },
    {
      name: `${named("lru-cache")} get, ttlResolution 0`,
      side: "peer",
      kind: "direct",
      hit: () => punctualLru.get(key),
    },
    {
      name: `${named("layered-loader")} getInMemoryOnly`,
      side: "peer",
      kind: "direct",
      hit: () => loader.getInMemoryOnly(key),
    },
    awaited(`${named("lru-cache")} fetch`, () => lru.fetch(key)),
    awaited(`${named("lru-cache")} fetch, ttlResolution 0`, () => punctualLru.fetch(key)),
    awaited(`${named("layered-loader")} get`, () => loader.get(key)),
    awaited(`${named("bentocache")} getOrSet`, () => bento.getOrSet({ key, factory: load })),
    awaited(`${named("bentocache")} get`, () => bento.get({ key })),
    awaited(`${named("cacheable")} getOrSet`, () => cacheable.getOrSet(key, load)),
    awaited(`${named("cacheable")} get`, () => cacheable.get(key)),
    awaited(`${named("cache-manager")} get`, () => manager.get(key)),
    awaited(`${named("cache-manager")} wrap`, () => manager.wrap(key, load)),
    awaited(named("async-cache-dedupe"), () => dedupe.token(key)),
    awaited(`${named("keyv5", "keyv")} get`, () => keyv5.get(key)),
    awaited(`${named("keyv")} get`, () => keyv6.get(key)),
  ];
}
