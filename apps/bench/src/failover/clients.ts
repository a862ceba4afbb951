/**
 * The two drivers with their default settings: one client for Lingpai, and a second, raw client
 * beside it.
 */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { nodeRedisCache, nodeRedisLock } from "@lingpai/adapter-node-redis";
import type { Cache, Lock } from "@lingpai/core";
import { createCluster, createSentinel } from "@redis/client";
import { Cluster, Redis } from "ioredis";
import type { DriverName, StoreSpec } from "./protocol.ts";

export interface StoreClient {
  readonly cache: Cache;
  readonly lock: Lock;
  /** Sends one command without Lingpai. */
  set(key: string, value: string): Promise<unknown>;
}

export function connectTo(driver: DriverName, spec: StoreSpec): Promise<StoreClient> {
  return driver === "ioredis" ? overIoredis(spec) : overNodeRedis(spec);
}

async function overIoredis({ kind, primaryName, seeds }: StoreSpec): Promise<StoreClient> {
  const addresses = seeds.map(({ host, port }) => ({ host, port }));
  const client =
    kind === "Cluster"
      ? new Cluster(addresses)
      : new Redis({ sentinels: addresses, name: primaryName });
  // The driver reconnects by itself.
  client.on("error", () => {});
  return {
    cache: ioredisCache(client),
    lock: ioredisLock(client),
    set: (key, value) => client.set(key, value),
  };
}

async function overNodeRedis({ kind, primaryName, seeds }: StoreSpec): Promise<StoreClient> {
  const addresses = seeds.map(({ host, port }) => ({ host, port }));
  const client =
    kind === "Cluster"
      ? createCluster({ rootNodes: addresses.map((socket) => ({ socket })) })
      : createSentinel({ name: primaryName, sentinelRootNodes: addresses });
  client.on("error", () => {});
  await client.connect();
  return {
    cache: nodeRedisCache(client),
    lock: nodeRedisLock(client),
    set: (key, value) => client.set(key, value),
  };
}
