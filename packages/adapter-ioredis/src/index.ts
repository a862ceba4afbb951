/**
 * Lingpai's cache and lock on ioredis 5 and 6: a single server, Sentinel, or a Cluster.
 *
 * The server must run Lua scripts and pub/sub: Redis 5 or newer, Valkey, or a compatible server.
 * The caller keeps the client: it is never closed or configured, and gets no listener. The first
 * subscription opens a second connection with the client's settings. The client is reconnected only
 * if it stays at a frozen server while the Sentinels name another.
 *
 * @packageDocumentation
 */
import { requireOptions } from "@lingpai/core";
import { createCache, createLock, createStore } from "@lingpai/core/driver";
import type { Cache, Lock, Store } from "@lingpai/core";
import type { CacheOptions, LockOptions, StoreOptions } from "@lingpai/core/driver";
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
 * Makes a cache on this client.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range, and for a Cluster
 *   client whose `keyPrefix` contains a brace.
 */
export function ioredisCache(
  client: IoredisClient | IoredisCluster,
  options?: CacheOptions,
): Cache {
  return createCache(createRedisCacheDriver(storeOf(client)), options);
}

/**
 * Makes a lock on this client. A cache may use the same client.
 *
 * @throws {ConfigurationError} as {@link ioredisCache} does.
 */
export function ioredisLock(client: IoredisClient | IoredisCluster, options?: LockOptions): Lock {
  return createLock(createRedisLockDriver(storeOf(client)), options);
}

/**
 * Makes the cache and the lock on this client, sealed with one key, for a credential's `store`.
 *
 * @throws {ConfigurationError} as {@link ioredisCache} does, and if `seal` is neither a key nor a
 *   keyring.
 */
export function ioredisStore(
  client: IoredisClient | IoredisCluster,
  options: StoreOptions & CacheOptions = {},
): Store {
  requireOptions("ioredisStore()", options, {
    clock: "clock",
    deadlineMs: "number",
    random: "random",
    seal: ["text", "object"],
  });
  const { random, seal, ...shared } = options;
  const cache = ioredisCache(client, { ...shared, ...(random && { random }) });
  return createStore(cache, ioredisLock(client, shared), seal === undefined ? {} : { seal });
}

/**
 * Checks at start-up that the server, its access rules and any proxy allow all that
 * {@link ioredisCache} and {@link ioredisLock} do. Returns warnings, for example about an eviction
 * policy that may drop credentials.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`. It names the refused command. Its reason is
 *   `timeout` if an answer takes longer than 5 s.
 */
export function ioredisProbe(
  client: IoredisClient | IoredisCluster,
  options?: ProbeOptions,
): Promise<readonly string[]> {
  return probeRedis(storeOf(client), options);
}

const storeOf = storesByClient((client: IoredisClient | IoredisCluster) => ioredisPort(client));
