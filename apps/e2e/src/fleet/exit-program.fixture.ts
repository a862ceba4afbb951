/**
 * Subscribes over a client of its own, ends that client, and does nothing else: the process has to
 * end by itself. The cache and the lock stay open.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { nodeRedisCache, nodeRedisLock } from "@lingpai/adapter-node-redis";
import type { Cache, Lock } from "@lingpai/core";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";

interface Opened {
  readonly cache: Cache;
  readonly lock: Lock;
  readonly end: () => unknown;
}

const [, , name, url = ""] = process.argv;

async function open(): Promise<Opened> {
  if (name === "ioredis") {
    const client = new Redis(url);
    return {
      cache: ioredisCache(client),
      lock: ioredisLock(client),
      end: () => client.disconnect(),
    };
  }
  const client = createClient({ url });
  await client.connect();
  return {
    cache: nodeRedisCache(client),
    lock: nodeRedisLock(client),
    end: () => client.destroy(),
  };
}

const { cache, lock, end } = await open();
const heard = Promise.withResolvers<unknown>();
await cache.watch?.(heard.resolve);
await lock.onRelease?.("name", () => {});
await cache.set("k", "v");
console.log(`heard of ${String(await heard.promise)}`);
await end();
