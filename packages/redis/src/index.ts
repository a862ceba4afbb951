/**
 * The shared part of Lingpai's Redis adapters: the scripts, the layout of keys and channels, the
 * meaning of replies and errors, the connection for subscriptions, and the use of the known client
 * libraries. An adapter provides a {@link RedisPort}.
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
export { probeNotes, probeRedis } from "./probe.ts";
export type { ProbeNote, ProbeOptions } from "./probe.ts";
export { hearsItself } from "./hears-itself.ts";
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
