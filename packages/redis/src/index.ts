/**
 * What Lingpai's Redis adapters share: the scripts, the layout of keys and channels, the meaning of
 * replies and errors, and the one connection for subscriptions, and how the known client libraries
 * are used. An adapter gives a {@link RedisPort} and is done.
 *
 * @packageDocumentation
 */
export { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
export { redisError } from "./errors.ts";
export { ioredisPort } from "./clients/ioredis.ts";
export type { IoredisClient, IoredisCluster } from "./clients/ioredis-shape.ts";
export { changesChannel, fenceKey, lockKey } from "./layout.ts";
export { nodeRedisPort } from "./clients/node-redis.ts";
export type {
  AnyNodeRedisClient,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
} from "./clients/node-redis.ts";
export type { NodePort, RedisPort } from "./port.ts";
export { probeRedis } from "./probe.ts";
export type { ProbeOptions } from "./probe.ts";
export type { Script } from "./scripts.ts";
export { createRedisStore, requirePlainPrefix, storesByClient } from "./store.ts";
export type { RedisStore } from "./store.ts";
export { createSubscriptions } from "./subscriptions.ts";
export type {
  MessageListener,
  OpenSubscriber,
  SubscriberConnection,
  SubscriberEvents,
  Subscriptions,
  SubscriptionsOptions,
} from "./subscriptions.ts";
export { tracedAmong } from "./tracing.ts";
