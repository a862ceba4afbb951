/**
 * Lingpai's cache and lock on @redis/client 5 and 6 (the client of `redis`): a single server,
 * Sentinel, or a Cluster.
 *
 * The server must run Lua scripts and pub/sub: Redis 5 or newer, Valkey, or a compatible server.
 * The caller keeps the client: it is never connected, closed or configured. The first subscription
 * opens a second connection with the client's settings.
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
  nodeRedisPort,
  probeRedis,
  storesByClient,
} from "@lingpai/redis";
import type {
  AnyNodeRedisClient,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  ProbeOptions,
} from "@lingpai/redis";

export type { NodeRedisClient, NodeRedisCluster, NodeRedisSentinel };

/**
 * Makes a cache on this client, which the caller has connected or is connecting.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range.
 */
export function nodeRedisCache(client: AnyNodeRedisClient, options?: CacheOptions): Cache {
  return createCache(createRedisCacheDriver(storeOf(client)), options);
}

/**
 * Makes a lock on this client. A cache may use the same client.
 *
 * @throws {ConfigurationError} as {@link nodeRedisCache} does.
 */
export function nodeRedisLock(client: AnyNodeRedisClient, options?: LockOptions): Lock {
  return createLock(createRedisLockDriver(storeOf(client)), options);
}

/**
 * Makes the cache and the lock on this client, sealed with one key, for a credential's `store`.
 *
 * @throws {ConfigurationError} as {@link nodeRedisCache} does, and when `seal` is neither a key nor
 *   a keyring.
 */
export function nodeRedisStore(
  client: AnyNodeRedisClient,
  options: StoreOptions & CacheOptions = {},
): Store {
  requireOptions("nodeRedisStore()", options, {
    clock: "clock",
    deadlineMs: "number",
    random: "random",
    seal: ["text", "object"],
  });
  const { random, seal, ...shared } = options;
  const cache = nodeRedisCache(client, { ...shared, ...(random && { random }) });
  return createStore(cache, nodeRedisLock(client, shared), seal === undefined ? {} : { seal });
}

/**
 * Checks at start-up that the server, its access rules and any proxy allow all that
 * {@link nodeRedisCache} and {@link nodeRedisLock} do. Returns warnings, for example about an
 * eviction policy that may drop credentials.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`. It names the refused command. Its reason is
 *   `timeout` if an answer takes longer than 5 s.
 */
export function nodeRedisProbe(
  client: AnyNodeRedisClient,
  options?: ProbeOptions,
): Promise<readonly string[]> {
  return probeRedis(storeOf(client), options);
}

const storeOf = storesByClient(nodeRedisPort);
