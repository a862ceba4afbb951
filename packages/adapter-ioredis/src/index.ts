/**
 * Lingpai's cache and lock on ioredis 5 and 6: a single server, Sentinel, or a Cluster.
 *
 * The server must run Lua scripts and pub/sub: Redis 5 or newer, Valkey, or what is compatible. The
 * client stays its owner's: it is never closed, configured or listened to; only the first
 * subscription opens one more connection, with the client's own settings. It is made to reconnect
 * when it stays at a server that froze while the Sentinels name another.
 *
 * @packageDocumentation
 */
import { createCache, createLock, createStore, requireKnown } from "@lingpai/core";
import type { Cache, CacheOptions, Lock, LockOptions, Store, StoreOptions } from "@lingpai/core";
import {
  createRedisCacheDriver,
  createRedisLockDriver,
  ioredisPort,
  probeRedis,
  storesByClient,
} from "@lingpai/redis";
import type { IoredisClient, IoredisCluster, ProbeOptions } from "@lingpai/redis";

export type { IoredisClient, IoredisCluster };

/**
 * A cache on this client.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range, and for a Cluster
 *   client whose `keyPrefix` holds a brace.
 */
export function ioredisCache(
  client: IoredisClient | IoredisCluster,
  options?: CacheOptions,
): Cache {
  return createCache(createRedisCacheDriver(storeOf(client)), options);
}

/**
 * A lock on this client; it may be the one that a cache uses. @throws {ConfigurationError} as
 * {@link ioredisCache} does.
 */
export function ioredisLock(client: IoredisClient | IoredisCluster, options?: LockOptions): Lock {
  return createLock(createRedisLockDriver(storeOf(client)), options);
}

/**
 * The cache and the lock on this client, sealed with one key: what a credential's `store` wants.
 *
 * @throws {ConfigurationError} as {@link ioredisCache} does, and when `seal` is neither a key nor a
 *   keyring.
 */
export function ioredisStore(
  client: IoredisClient | IoredisCluster,
  options: StoreOptions & CacheOptions = {},
): Store {
  requireKnown("ioredisStore()", options, ["clock", "deadlineMs", "random", "seal"]);
  const { random, seal, ...shared } = options;
  const cache = ioredisCache(client, { ...shared, ...(random && { random }) });
  return createStore(cache, ioredisLock(client, shared), seal === undefined ? {} : { seal });
}

/**
 * Checks at start-up that the server, its access rules and any proxy allow all that
 * {@link ioredisCache} and {@link ioredisLock} do. Returns what to warn of: an eviction policy that
 * may drop credentials, for one.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`, naming the refused command; with the reason
 *   `timeout` when an answer takes longer than 5 s.
 */
export function ioredisProbe(
  client: IoredisClient | IoredisCluster,
  options?: ProbeOptions,
): Promise<readonly string[]> {
  return probeRedis(storeOf(client), options);
}

const storeOf = storesByClient((client: IoredisClient | IoredisCluster) => ioredisPort(client));
