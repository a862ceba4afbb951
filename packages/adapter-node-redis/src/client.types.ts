/**
 * Compiles only if the real clients of both majors, and the oldest supported one, have the members
 * that the adapter calls.
 */
import type * as client6 from "@redis/client";
import type * as oldest from "redis-client-oldest";
import type * as client5 from "redis-client5";
import type { NodeRedisClient, NodeRedisCluster, NodeRedisSentinel } from "./index.ts";

declare const clientOfOldest: ReturnType<typeof oldest.createClient>;
declare const clientOf5: ReturnType<typeof client5.createClient>;
declare const clientOf6: ReturnType<typeof client6.createClient>;
declare const clusterOfOldest: ReturnType<typeof oldest.createCluster>;
declare const clusterOf5: ReturnType<typeof client5.createCluster>;
declare const clusterOf6: ReturnType<typeof client6.createCluster>;
declare const sentinelOfOldest: ReturnType<typeof oldest.createSentinel>;
declare const sentinelOf5: ReturnType<typeof client5.createSentinel>;
declare const sentinelOf6: ReturnType<typeof client6.createSentinel>;

export const clients: readonly NodeRedisClient[] = [clientOfOldest, clientOf5, clientOf6];
export const clusters: readonly NodeRedisCluster[] = [clusterOfOldest, clusterOf5, clusterOf6];
export const sentinels: readonly NodeRedisSentinel[] = [sentinelOfOldest, sentinelOf5, sentinelOf6];
