import type { Backend } from "@lingpai/conformance";
import {
  basicsDaily,
  clusterBackend,
  lookalikeOf,
  sentinelBackend,
  standaloneBackend,
} from "@lingpai/test-redis";
import type { Connected, Own, RedisDriver } from "@lingpai/test-redis";
import * as ioredis6 from "ioredis";
import * as ioredisOldest from "ioredis-oldest";
import * as ioredis5 from "ioredis5";
import { ioredisCache, ioredisLock, ioredisProbe } from "./index.ts";
import type { IoredisClient, IoredisCluster } from "./index.ts";

/** The client's members that only the tests use. */
interface Owned {
  disconnect(): void;
  ping(): Promise<unknown>;
  eventNames(): (string | symbol)[];
  listenerCount(event: string | symbol): number;
  on(event: "error", listener: () => void): unknown;
}

function connected(client: Owned & (IoredisClient | IoredisCluster)): Connected {
  client.on("error", () => {});
  return {
    cache: (options) => ioredisCache(client, options),
    lock: (options) => ioredisLock(client, options),
    probe: (options) => ioredisProbe(client, options),
    ping: () => client.ping(),
    lookalike: () => connected(lookalikeOf(client)),
    listenerCount: () =>
      client.eventNames().reduce((sum, event) => sum + client.listenerCount(event), 0),
    close: async () => client.disconnect(),
  };
}

type Address = { readonly host: string; readonly port: number };

interface RedisOptions extends Own {
  host?: string;
  port?: number;
  sentinels?: Address[];
  name?: string;
  retryStrategy?: (times: number) => number;
}

/** Constructs the clients of one version. */
interface Library {
  readonly Redis: new (options: RedisOptions) => Owned & IoredisClient;
  readonly Cluster: new (
    nodes: Address[],
    options: { scaleReads: "slave"; keyPrefix?: string },
  ) => Owned & IoredisCluster;
}

/**
 * ioredis 5's default. That of 6 grows faster: the clauses that break 100 connections would take 15
 * s longer.
 */
const retryStrategy = (times: number): number => Math.min(times * 50, 2_000);

/** The owner may allow reads from replicas. The adapter must still read from the primary. */
const readsFromReplicas = { scaleReads: "slave" } as const;

function driver(
  version: string,
  { Redis, Cluster }: Library,
  others: Pick<RedisDriver, "newer"> = {},
): RedisDriver {
  return {
    adapter: "adapter-ioredis",
    client: `ioredis ${version}`,
    ...others,
    hasKeyPrefix: true,
    standalone: async ({ host, port }, own) =>
      connected(new Redis({ host, port, retryStrategy, ...own })),
    sentinel: async (sentinels, name, own) =>
      connected(new Redis({ sentinels: addresses(sentinels), name, ...own })),
    cluster: async (nodes, own) =>
      connected(new Cluster(addresses(nodes), { ...readsFromReplicas, ...own })),
  };
}

function addresses(nodes: readonly Address[]): Address[] {
  return nodes.map(({ host, port }) => ({ host, port }));
}

export const drivers: readonly RedisDriver[] = [
  driver("5", ioredis5, { newer: "ioredis 6" }),
  driver("6", ioredis6),
];

/** The oldest supported version. */
const oldest = driver("5.3", ioredisOldest, { newer: "ioredis 6" });

export const backends: readonly Backend[] = [
  { ...standaloneBackend(oldest), daily: basicsDaily("ioredis 6, redis standalone") },
  sentinelBackend(oldest),
  clusterBackend(oldest),
  ...drivers.flatMap((version) => [
    standaloneBackend(version),
    sentinelBackend(version),
    clusterBackend(version),
  ]),
];
