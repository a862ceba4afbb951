/** Compiles only while the real clients of both majors offer what the adapter calls. */
import type * as ioredis6 from "ioredis";
import type * as ioredis5 from "ioredis5";
import type { IoredisClient, IoredisCluster } from "./index.ts";

declare const redis5: ioredis5.Redis;
declare const redis6: ioredis6.Redis;
declare const cluster5: ioredis5.Cluster;
declare const cluster6: ioredis6.Cluster;

export const clients: readonly IoredisClient[] = [redis5, redis6];
export const clusters: readonly IoredisCluster[] = [cluster5, cluster6];
