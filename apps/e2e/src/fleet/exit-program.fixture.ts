/**
 * Subscribes over a client of its own, ends that client, and does nothing else: the process has to
 * end by itself. The cache, the lock and the configuration stay open.
 */
import { writeFile } from "node:fs/promises";
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { nodeRedisCache, nodeRedisLock } from "@lingpai/adapter-node-redis";
import { systemClock, type Cache, type Lock } from "@lingpai/core";
import { createClient, createCluster, createSentinel } from "@redis/client";
import { Cluster, Redis } from "ioredis";
import type { Deployment, ExitOrder } from "./exit-order.fixture.ts";

interface Opened {
  readonly cache: Cache;
  readonly lock: Lock;
  readonly end: () => unknown;
}

/** These processes start at once, and share the processors: no answer is late. */
const options = { deadlineMs: 20_000 };

function overIoredis({ kind, addresses, name }: Deployment): Opened {
  const first = addresses[0]!;
  const client =
    kind === "cluster"
      ? new Cluster([...addresses])
      : new Redis(kind === "sentinel" ? { sentinels: [...addresses], name } : { ...first });
  return {
    cache: ioredisCache(client, options),
    lock: ioredisLock(client, options),
    end: () => client.disconnect(),
  };
}

async function overNodeRedis({ kind, addresses, name }: Deployment): Promise<Opened> {
  const sockets = addresses.map((socket) => ({ socket }));
  const client =
    kind === "cluster"
      ? createCluster({ rootNodes: sockets })
      : kind === "sentinel"
        ? createSentinel({ name, sentinelRootNodes: [...addresses] })
        : createClient(sockets[0]);
  await client.connect();
  return {
    cache: nodeRedisCache(client, options),
    lock: nodeRedisLock(client, options),
    end: () => client.destroy(),
  };
}

async function subscribe(order: ExitOrder): Promise<string> {
  const { deployment } = order;
  const opened = order.client === "ioredis" ? overIoredis(deployment) : overNodeRedis(deployment);
  const { cache, lock, end } = await opened;
  const heard = Promise.withResolvers<unknown>();
  await cache.watch?.((key) => heard.resolve(key), { key: order.key });
  await lock.onRelease?.(order.key, () => {});
  await cache.set(order.key, "v");
  const key = await heard.promise;
  await end();
  return `heard of ${String(key)}`;
}

/** Follows a file, an entry of a cache and a key, until a change is in force. */
async function configure({ deployment, file, key }: ExitOrder): Promise<string> {
  const { cacheSource, fileSource, openConfig, redisSource } = await import("@lingpai/config");
  const client = new Redis({ ...deployment.addresses[0]! });
  const cache = ioredisCache(client, options);
  const document = (secret: string): string =>
    `apps:\n  main:\n    appId: wx0123456789abcdef\n    secret: ${secret}\n`;
  const write = async (secret: string): Promise<void> => {
    await cache.set(`${key}.yaml`, document(secret));
    await client.set(key, document(secret));
    await writeFile(file, document(secret));
  };
  await write("0".repeat(32));
  const config = await openConfig({
    environment: "prod",
    debounceMs: 20,
    sources: [
      redisSource(client, { key, pollMs: 100 }),
      cacheSource(cache, { key: `${key}.yaml` }),
      fileSource(file),
    ],
  });
  await write("1".repeat(32));
  const isNew = () => config.current.apps["main"]?.secret?.reveal().startsWith("1");
  for (let tries = 0; !isNew() && tries < 400; tries += 1) await pause(50);
  client.disconnect();
  return isNew() ? `follows ${key}` : "heard nothing";
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => void systemClock.setTimer(ms, resolve));

const order = JSON.parse(process.argv[2] ?? "") as ExitOrder;
console.log(await (order.client === "config" ? configure(order) : subscribe(order)));
