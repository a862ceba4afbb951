/**
 * Ways to share one load among many callers in many processes. Each library is set up with Redis
 * according to its documentation.
 */
import { delay, systemClock } from "@lingpai/core";
import { Redis } from "ioredis";
import type Keyv from "keyv5";
import type { HerdContenderName } from "./protocol.ts";

export interface HerdContender {
  get(): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface HerdContext {
  readonly url: string;
  /** A new key for each run, which nobody has loaded yet. */
  readonly key: string;
  /** Loads slowly, and counts its calls. */
  readonly load: () => Promise<string>;
}

const ttlMs = 7_200_000;

type Factory = (setting: HerdContext) => Promise<HerdContender>;

/** Each is imported on demand, so that a process loads one library only. */
export const herdContenders: Readonly<Record<HerdContenderName, Factory>> = {
  /**
   * The ideal: one caller loads, stores and publishes, and all others wait for the message. If the
   * loader dies, they wait forever.
   */
  raw: async ({ key, load, url }) => {
    const client = await connected(url);
    const subscriber = client.duplicate();
    await subscriber.subscribe(key);
    const told = new Promise((resolve) => subscriber.once("message", resolve));
    const obtained = async (): Promise<string | null> => {
      const isFirst = (await client.set(`${key}:loader`, "", "PX", ttlMs, "NX")) === "OK";
      if (isFirst)
        await client
          .multi()
          .set(key, await load(), "PX", ttlMs)
          .publish(key, "")
          .exec();
      else await told;
      return client.get(key);
    };
    let shared: Promise<string | null> | undefined;
    return {
      get: () => (shared ??= obtained()),
      close: () => closing(client, async () => subscriber.disconnect()),
    };
  },

  lingpai: async ({ key, load, url }) => {
    const [{ credential }, { ioredisCache, ioredisLock }] = await Promise.all([
      import("@lingpai/core"),
      import("@lingpai/adapter-ioredis"),
    ]);
    const client = await connected(url);
    const cache = ioredisCache(client);
    const held = credential({
      issuer: {
        id: key,
        policy: { kind: "supersede", overlapMs: 300_000 },
        lifetimeMs: ttlMs,
        issue: async () => ({ secret: await load(), expiresInMs: ttlMs }),
      },
      cache,
      lock: ioredisLock(client),
      environment: "bench",
    });
    return {
      get: () => held.get(),
      close: () => closing(client, () => held.close().then(() => cache.close())),
    };
  },

  "layered-loader": async ({ key, load, url }) => {
    const [{ Loader }, { RedisCache }] = await Promise.all([
      import("layered-loader"),
      import("layered-loader/redis"),
    ]);
    const client = await connected(url);
    const asyncCache = new RedisCache<string>(client, { ttlInMsecs: ttlMs, json: true });
    const loader = new Loader<string>({
      inMemoryCache: { ttlInMsecs: ttlMs },
      asyncCache,
      dataSourceGetOneFn: load,
    });
    return { get: () => loader.get(key), close: () => closing(client) };
  },

  bentocache: async ({ key, load, url }) => {
    const [{ BentoCache, bentostore }, { memoryDriver }, { redisDriver }] = await Promise.all([
      import("bentocache"),
      import("bentocache/drivers/memory"),
      import("bentocache/drivers/redis"),
    ]);
    const client = await connected(url);
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 100 }))
      .useL2Layer(redisDriver({ connection: client }));
    const bento = new BentoCache({ default: "two", stores: { two: store }, ttl: ttlMs });
    return { get: () => bento.getOrSet({ key, factory: load }), close: () => closing(client) };
  },

  cacheable: async ({ key, load, url }) => {
    const { Cacheable } = await import("cacheable");
    const secondary = await keyv5(url);
    const cacheable = new Cacheable({ secondary, ttl: ttlMs });
    return { get: () => cacheable.getOrSet(key, load), close: () => secondary.disconnect() };
  },

  "cache-manager": async ({ key, load, url }) => {
    const { createCache } = await import("cache-manager");
    const store = await keyv5(url);
    const manager = createCache({ stores: [store], ttl: ttlMs });
    return { get: () => manager.wrap(key, load), close: () => store.disconnect() };
  },

  "async-cache-dedupe": async ({ key, load, url }) => {
    const { createCache } = await import("async-cache-dedupe");
    const client = await connected(url);
    const cache = createCache({
      ttl: ttlMs / 1000,
      storage: { type: "redis", options: { client } },
    }).define("token", async (_key: string) => load());
    return { get: () => cache.token(key), close: () => closing(client) };
  },

  keyv: async ({ key, load, url }) => {
    const { createKeyv } = await import("@keyv/redis");
    const keyv = createKeyv(url);
    await keyv.get("connect");
    const get = async (): Promise<unknown> => {
      const cached: unknown = await keyv.get(key);
      if (cached !== undefined) return cached;
      const loaded = await load();
      await keyv.set(key, loaded, ttlMs);
      return loaded;
    };
    return { get, close: () => keyv.disconnect() };
  },

  "keyv + verrou": async ({ key, load, url }) => {
    const [{ createKeyv }, { Verrou }, { redisStore }] = await Promise.all([
      import("@keyv/redis"),
      import("@verrou/core"),
      import("@verrou/core/drivers/redis"),
    ]);
    const client = await connected(url);
    const keyv = createKeyv(url);
    await keyv.get("connect");
    const verrou = new Verrou({
      default: "redis",
      stores: { redis: { driver: redisStore({ connection: client }) } },
    });
    const get = async (): Promise<unknown> => {
      const cached: unknown = await keyv.get(key);
      if (cached !== undefined) return cached;
      const [, value] = await verrou.createLock(`lock:${key}`, 10_000).run(async () => {
        const stored: unknown = await keyv.get(key);
        if (stored !== undefined) return stored;
        const loaded = await load();
        await keyv.set(key, loaded, ttlMs);
        return loaded;
      });
      return value;
    };
    return { get, close: () => closing(client, () => keyv.disconnect()) };
  },
};

/** A loader as slow as a platform. It counts its calls. */
export function countingLoader(loadMs: number): {
  readonly load: () => Promise<string>;
  readonly calls: () => number;
} {
  let calls = 0;
  const load = async (): Promise<string> => {
    calls += 1;
    await delay(systemClock, loadMs);
    return `token-${process.pid}-${calls}`;
  };
  return { load, calls: () => calls };
}

/** The major version that cacheable and cache-manager support. */
async function keyv5(url: string): Promise<Keyv> {
  const [{ default: Keyv }, { default: KeyvRedis }] = await Promise.all([
    import("keyv5"),
    import("@keyv/redis"),
  ]);
  const keyv = new Keyv(new KeyvRedis(url));
  await keyv.get("connect");
  return keyv;
}

async function connected(url: string): Promise<Redis> {
  const client = new Redis(url);
  await client.ping();
  return client;
}

async function closing(
  client: Redis,
  first: () => Promise<unknown> = async () => {},
): Promise<void> {
  await first();
  client.disconnect();
}
