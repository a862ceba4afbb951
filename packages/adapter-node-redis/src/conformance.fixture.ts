import type { Backend, Waivers } from "@lingpai/conformance";
import {
  basicsDaily,
  clusterBackend,
  lookalikeOf,
  sentinelBackend,
  standaloneBackend,
} from "@lingpai/test-redis";
import type { Connected, Own, RedisDriver } from "@lingpai/test-redis";
import * as client6 from "@redis/client";
import * as clientOldest from "redis-client-oldest";
import * as client5 from "redis-client5";
import { nodeRedisCache, nodeRedisLock, nodeRedisProbe } from "./index.ts";
import type { NodeRedisClient, NodeRedisCluster, NodeRedisSentinel } from "./index.ts";

/** The client's members that only the tests use. */
interface Owned {
  connect(): Promise<unknown>;
  readonly isOpen: boolean;
  destroy(): unknown;
  eventNames(): (string | symbol)[];
  listenerCount(event: string | symbol): number;
  on(event: "error", listener: () => void): unknown;
}

function connected(
  client: Owned & (NodeRedisClient | NodeRedisCluster | NodeRedisSentinel),
): Connected {
  return {
    cache: (options) => nodeRedisCache(client, options),
    lock: (options) => nodeRedisLock(client, options),
    probe: (options) => nodeRedisProbe(client, options),
    ping: () => client.eval("return redis.call('PING')", { keys: [], arguments: [] }),
    lookalike: () => connected(lookalikeOf(client)),
    listenerCount: () =>
      client.eventNames().reduce((sum, event) => sum + client.listenerCount(event), 0),
    async close() {
      if (client.isOpen) await client.destroy();
    },
  };
}

type Address = { host: string; port: number };

/**
 * Constructs the clients of one version. A Cluster client may read from replicas; the adapter must
 * still read from the primary.
 */
interface Library {
  createClient(options: Own & { socket: Address }): Owned & NodeRedisClient;
  createCluster(
    options: Own & { rootNodes: { socket: Address }[]; useReplicas: true },
  ): Owned & NodeRedisCluster;
  createSentinel(
    options: Own & { name: string; sentinelRootNodes: Address[] },
  ): Owned & NodeRedisSentinel;
}

/**
 * 5.12.1, the last release of version 5, writes a command to the dead socket if it was issued in
 * the turn of the event loop in which the connection broke. It then takes the next connection's
 * answers for that command's, and never becomes ready again. Fixed in 6.
 */
const stuckAfterLoss =
  "@redis/client 5 may not come back from a connection that breaks as a command is issued; 6 does";
const waiversOf5: Waivers = {
  "FAULT-05": stuckAfterLoss,
  "FAULT-12": stuckAfterLoss,
  "FAULT-15": stuckAfterLoss,
};

/** The capabilities that version 5 lacks. */
type Shortcomings = Pick<RedisDriver, "hasKeyPrefix" | "newer" | "standaloneWaivers">;

function driver(
  version: string,
  shortcomings: Shortcomings,
  { createClient, createCluster, createSentinel }: Library,
): RedisDriver {
  return {
    adapter: "adapter-node-redis",
    client: `@redis/client ${version}`,
    ...shortcomings,
    async standalone({ host, port }, own) {
      const client = createClient({ socket: { host, port }, ...own });
      client.on("error", () => {});
      client.connect().catch(() => {});
      return connected(client);
    },
    async sentinel(sentinels, name, own) {
      const client = createSentinel({
        name,
        sentinelRootNodes: sentinels.map(({ host, port }) => ({ host, port })),
        ...own,
      });
      client.on("error", () => {});
      await client.connect();
      return connected(client);
    },
    async cluster(nodes, own) {
      const client = createCluster({
        rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
        useReplicas: true,
        ...own,
      });
      client.on("error", () => {});
      await client.connect();
      return connected(client);
    },
  };
}

export const drivers: readonly RedisDriver[] = [
  driver(
    "5",
    { hasKeyPrefix: false, newer: "@redis/client 6", standaloneWaivers: waiversOf5 },
    client5,
  ),
  driver("6", { hasKeyPrefix: true }, client6),
];

/** The oldest supported version. */
const oldest = driver(
  "5.0",
  { hasKeyPrefix: false, newer: "@redis/client 6", standaloneWaivers: waiversOf5 },
  clientOldest,
);

export const backends: readonly Backend[] = [
  { ...standaloneBackend(oldest), daily: basicsDaily("@redis/client 6, redis standalone") },
  sentinelBackend(oldest),
  clusterBackend(oldest),
  ...drivers.flatMap((version) => [
    standaloneBackend(version),
    sentinelBackend(version),
    clusterBackend(version),
  ]),
];
