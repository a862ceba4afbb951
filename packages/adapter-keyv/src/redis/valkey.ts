/**
 * Valkey and Redis through iovalkey, which `@keyv/valkey` uses, or through ioredis 5 and 6, which
 * has the same interface: a single server, Sentinel, or a Cluster.
 */
import { ioredisPort } from "@lingpai/redis";
import type { IoredisClient, IoredisCluster } from "@lingpai/redis";
import { redisStore } from "./redis.ts";
import { has, isObject } from "../store/shape.ts";
import type { StoreFamily } from "../store/store.ts";

/** iovalkey and ioredis cannot be told apart reliably. */
const kind = "ioredis or iovalkey";

export const valkey: StoreFamily = {
  ofClient: (client) => (isClient(client) ? redisStore(ioredisPort(client, kind)) : undefined),
  ofAdapter: (adapter) =>
    isObject(adapter) && isClient(adapter["redis"])
      ? redisStore(ioredisPort(adapter["redis"], kind))
      : undefined,
};

function isClient(value: unknown): value is IoredisClient | IoredisCluster {
  return has<IoredisClient & { defineCommand(): void }>(value, "evalsha", "eval", "defineCommand");
}
