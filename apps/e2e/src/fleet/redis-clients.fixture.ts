/** The two Redis client libraries as these tests use them. Each call creates a new client. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import type { IoredisClient, IoredisCluster } from "@lingpai/adapter-ioredis";
import { nodeRedisCache, nodeRedisLock } from "@lingpai/adapter-node-redis";
import type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
} from "@lingpai/adapter-node-redis";
import type { Cache, Lock } from "@lingpai/core";
import type { Address } from "@lingpai/test-servers";
import { createClient, createCluster, createSentinel } from "@redis/client";
import { Cluster, Redis } from "ioredis";

export interface Driver {
  readonly name: "ioredis" | "node-redis";
  /** Creates a client without waiting for its connection. */
  standalone(address: Address): Promise<Store>;
  sentinel(sentinels: readonly Address[], name: string): Promise<Store>;
  cluster(nodes: readonly Address[]): Promise<Store>;
}

/** The store of one process. */
export interface Store {
  readonly cache: Cache;
  readonly lock: Lock;
  /** Closes the cache and the client. */
  close(): Promise<void>;
}

/** Longer than core's own deadline of 500 ms, so that core's deadline decides. */
const options = { deadlineMs: 2_000 };

const plain = ({ host, port }: Address): Address => ({ host, port });

const ioredis: Driver = {
  name: "ioredis",
  standalone: async (address) => overIoredis(new Redis(plain(address))),
  sentinel: async (sentinels, name) =>
    overIoredis(new Redis({ sentinels: sentinels.map(plain), name })),
  cluster: async (nodes) => overIoredis(new Cluster(nodes.map(plain))),
};

function overIoredis(
  client: (IoredisClient | IoredisCluster) & {
    on(event: "error", listener: () => void): unknown;
    disconnect(): void;
  },
): Store {
  client.on("error", () => {});
  const cache = ioredisCache(client, options);
  return {
    cache,
    lock: ioredisLock(client, options),
    async close() {
      await cache.close();
      client.disconnect();
    },
  };
}

const nodeRedis: Driver = {
  name: "node-redis",
  async standalone(address) {
    const client = createClient({ socket: plain(address) });
    client.on("error", () => {});
    client.connect().catch(() => {});
    return overNodeRedis(client);
  },
  async sentinel(sentinels, name) {
    const client = createSentinel({ name, sentinelRootNodes: sentinels.map(plain) });
    client.on("error", () => {});
    await client.connect();
    return overNodeRedis(client);
  },
  async cluster(nodes) {
    const client = createCluster({ rootNodes: nodes.map((node) => ({ socket: plain(node) })) });
    client.on("error", () => {});
    await client.connect();
    return overNodeRedis(client);
  },
};

interface Owned {
  readonly isOpen: boolean;
  destroy(): unknown;
}

function overNodeRedis(
  client: (NodeRedisClient | NodeRedisCluster | NodeRedisSentinel) & Owned,
): Store {
  const cache = nodeRedisCache(client, options);
  return {
    cache,
    lock: nodeRedisLock(client, options),
    async close() {
      await cache.close();
      if (client.isOpen) await client.destroy();
    },
  };
}

export const drivers: readonly Driver[] = [ioredis, nodeRedis];

export function driverNamed(name: string): Driver {
  const driver = drivers.find((each) => each.name === name);
  if (driver === undefined) throw new Error(`There is no driver "${name}".`);
  return driver;
}
