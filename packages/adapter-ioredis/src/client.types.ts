/**
 * Compiles only if the real clients of both majors, and the oldest supported one, have the members
 * that the adapter calls.
 */
import type * as ioredis6 from "ioredis";
import type * as ioredisOldest from "ioredis-oldest";
import type * as ioredis5 from "ioredis5";
import type { IoredisClient, IoredisCluster } from "./index.ts";

declare const redisOldest: ioredisOldest.Redis;
declare const redis5: ioredis5.Redis;
declare const redis6: ioredis6.Redis;
declare const clusterOldest: ioredisOldest.Cluster;
declare const cluster5: ioredis5.Cluster;
declare const cluster6: ioredis6.Cluster;

export const clients: readonly IoredisClient[] = [redisOldest, redis5, redis6];
export const clusters: readonly IoredisCluster[] = [clusterOldest, cluster5, cluster6];
