/**
 * Lingpai's cache and lock on ioredis 5 and 6: a single server, Sentinel, or a Cluster.
 *
 * The server must run Lua scripts and pub/sub: Redis 5 or newer, Valkey, or what is compatible. The client stays its owner's: it is
 * never closed, configured or listened to; only the first subscription opens one more connection, with the client's own settings.
 *
 * @packageDocumentation
 */
import { createCache, createLock, systemRandom } from "@lingpai/core";
import type { Cache, CacheOptions, Lock, LockOptions } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver, probeRedis, requirePlainPrefix, storesByClient } from "@lingpai/redis-scripts";
import type { NodePort, OpenSubscriber, ProbeOptions, RedisPort } from "@lingpai/redis-scripts";

/** What is used of a `Redis` of ioredis, for a single server or through Sentinel. */
export interface IoredisClient extends IoredisCommands {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  duplicate(override: IoredisOverride): IoredisSubscriber;
}

/** What is used of a `Cluster` of ioredis. */
export interface IoredisCluster extends IoredisCommands {
  readonly options: { readonly keyPrefix?: string | undefined };
  nodes(role: "master" | "all"): IoredisClient[];
}

export interface IoredisCommands {
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
}

export interface IoredisOverride {
  keyPrefix: string;
  lazyConnect: boolean;
  autoResubscribe: boolean;
  enableAutoPipelining: boolean;
  retryStrategy: () => null;
}

export interface IoredisSubscriber {
  connect(): Promise<void>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string, payload: string) => void): unknown;
  on(event: "error" | "close", listener: () => void): unknown;
}

/**
 * A cache on this client.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range, and for a Cluster client whose `keyPrefix` holds a brace.
 */
export function ioredisCache(client: IoredisClient | IoredisCluster, options?: CacheOptions): Cache {
  return createCache(createRedisCacheDriver(storeOf(client)), options);
}

/** A lock on this client; it may be the one that a cache uses. @throws {ConfigurationError} as {@link ioredisCache} does. */
export function ioredisLock(client: IoredisClient | IoredisCluster, options?: LockOptions): Lock {
  return createLock(createRedisLockDriver(storeOf(client)), options);
}

/**
 * Checks at start-up that the server, its access rules and any proxy allow all that {@link ioredisCache} and {@link ioredisLock} do.
 * Returns what to warn of: an eviction policy that may drop credentials, for one.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`, naming the refused command.
 */
export function ioredisProbe(client: IoredisClient | IoredisCluster, options?: ProbeOptions): Promise<readonly string[]> {
  return probeRedis(storeOf(client), options);
}

const storeOf = storesByClient((client: IoredisClient | IoredisCluster) => ("nodes" in client ? clusterPort(client) : clientPort(client)));

function clientPort(client: IoredisClient): RedisPort {
  return {
    ...scriptCalls(client),
    isCluster: false,
    primaries: () => [nodePort(client)],
    openSubscriber: (events, signal) => openSubscriber(client, events, signal),
  };
}

/** Changes and releases are rare, so plain pub/sub, which every node of a Cluster passes on to all others, is enough and needs one connection. */
function clusterPort(cluster: IoredisCluster): RedisPort {
  requirePlainPrefix(cluster.options.keyPrefix ?? "");
  return {
    ...scriptCalls(cluster),
    isCluster: true,
    primaries: () => cluster.nodes("master").map(nodePort),
    openSubscriber: async (events, signal) => {
      const nodes = cluster.nodes("all");
      const ready = nodes.filter((node) => node.status === "ready");
      const candidates = ready.length > 0 ? ready : nodes;
      const node = candidates[Math.floor(systemRandom.next() * candidates.length)];
      if (node === undefined) throw new Error("No node of the Cluster is known.");
      return openSubscriber(node, events, signal);
    },
  };
}

function scriptCalls(client: IoredisCommands): Pick<RedisPort, "kind" | "evalsha" | "eval"> {
  return {
    kind: "ioredis",
    evalsha: (script, keys, args) => client.evalsha(script.sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => client.eval(script.text, keys.length, ...keys, ...args),
  };
}

function nodePort(node: IoredisClient): NodePort {
  return { command: (command, ...args) => node.call(command, ...args) };
}

/** One attempt without ioredis's own reconnection, which does not tell when the channels are subscribed again. */
async function openSubscriber(client: IoredisClient, ...[events, signal]: Parameters<OpenSubscriber>): ReturnType<OpenSubscriber> {
  const connection = client.duplicate({
    keyPrefix: "",
    lazyConnect: true,
    autoResubscribe: false,
    enableAutoPipelining: false,
    retryStrategy: () => null,
  });
  connection.on("error", () => {});
  connection.on("message", (channel, payload) => events.message(channel, payload));
  connection.on("close", () => events.lost());
  const giveUp = (): void => connection.disconnect();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await connection.connect();
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  return {
    subscribe: (channel) => connection.subscribe(channel),
    unsubscribe: (channel) => connection.unsubscribe(channel),
    close: giveUp,
  };
}
