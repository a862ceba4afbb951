/** Compiles only while the real clients offer what the raw stores call. */
import type { createClient, createCluster, createSentinel } from "@redis/client";
import type { Cluster, Redis } from "ioredis";
import type { IoredisCaller, NodeRedisCaller } from "./raw-store.ts";

declare const redis: Redis;
declare const cluster: Cluster;
declare const client: ReturnType<typeof createClient>;
declare const clusterClient: ReturnType<typeof createCluster>;
declare const sentinelClient: ReturnType<typeof createSentinel>;

export const ioredisCallers: readonly IoredisCaller[] = [redis, cluster];
export const nodeRedisCallers: readonly NodeRedisCaller[] = [client, clusterClient, sentinelClient];
