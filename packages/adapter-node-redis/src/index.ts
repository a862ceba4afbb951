/**
 * Lingpai's cache and lock on @redis/client 5 and 6 (the client of `redis`): a single server, Sentinel, or a Cluster.
 *
 * The server must run Lua scripts and pub/sub: Redis 5 or newer, Valkey, or what is compatible. The client stays its owner's: it is
 * never connected, closed or configured; only the first subscription opens one more connection, with the client's own settings.
 *
 * @packageDocumentation
 */
import { createCache, createLock, systemRandom } from "@lingpai/core";
import type { Cache, CacheOptions, Lock, LockOptions } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver, probeRedis, storesByClient } from "@lingpai/redis-scripts";
import type { NodePort, OpenSubscriber, ProbeOptions, RedisPort, SubscriberConnection, SubscriberEvents } from "@lingpai/redis-scripts";

/** What is used of the client of `createClient`. */
export interface NodeRedisClient extends NodeRedisCommands {
  readonly isReady: boolean;
  sendCommand(args: string[], options?: { typeMapping?: object }): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
}

/** What is used of the client of `createCluster`. */
export interface NodeRedisCluster extends NodeRedisCommands {
  readonly masters: readonly object[];
  nodeClient(node: object): NodeRedisClient | Promise<NodeRedisClient>;
}

/** What is used of the client of `createSentinel`. */
export interface NodeRedisSentinel extends NodeRedisCommands {
  readonly isReady: boolean;
  sendCommand(isReadonly: boolean, args: string[], options?: { typeMapping?: object }): Promise<unknown>;
  getSentinelNode(): unknown;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string, listener: Receive): Promise<unknown>;
  on(event: string, listener: (detail: unknown) => void): unknown;
  off(event: string, listener: (detail: unknown) => void): unknown;
}

export interface NodeRedisCommands extends NodeRedisScripts {
  withTypeMapping(mapping: object): NodeRedisScripts & { withCommandOptions(options: object): NodeRedisScripts };
}

export interface NodeRedisScripts {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export interface NodeRedisSubscriber {
  connect(): Promise<unknown>;
  destroy(): unknown;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (detail: unknown) => void): unknown;
}

type Receive = (payload: string | Uint8Array, channel: string | Uint8Array) => void;

type AnyClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/**
 * A cache on this client, which its owner has connected or is connecting.
 *
 * @throws {ConfigurationError} `CONFIGURATION` for a deadline out of range.
 */
export function nodeRedisCache(client: AnyClient, options?: CacheOptions): Cache {
  return createCache(createRedisCacheDriver(storeOf(client)), options);
}

/** A lock on this client; it may be the one that a cache uses. @throws {ConfigurationError} as {@link nodeRedisCache} does. */
export function nodeRedisLock(client: AnyClient, options?: LockOptions): Lock {
  return createLock(createRedisLockDriver(storeOf(client)), options);
}

/**
 * Checks at start-up that the server, its access rules and any proxy allow all that {@link nodeRedisCache} and {@link nodeRedisLock} do.
 * Returns what to warn of: an eviction policy that may drop credentials, for one.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`, naming the refused command.
 */
export function nodeRedisProbe(client: AnyClient, options?: ProbeOptions): Promise<readonly string[]> {
  return probeRedis(storeOf(client), options);
}

const storeOf = storesByClient(portOf);

function portOf(client: AnyClient): RedisPort {
  const scripts = scriptCalls(client);
  if ("nodeClient" in client) return { ...scripts, ...clusterPort(client), isCluster: true };
  if ("getSentinelNode" in client) {
    const node: NodePort = { command: (...args) => client.sendCommand(false, args, plainReplies) };
    return { ...scripts, isCluster: false, primaries: () => [node], openSubscriber: (events) => openThroughSentinel(client, events) };
  }
  const node: NodePort = { command: (...args) => client.sendCommand(args, plainReplies) };
  return { ...scripts, isCluster: false, primaries: () => [node], openSubscriber: (...events) => openSubscriber(client, ...events) };
}

/** Changes and releases are rare, so plain pub/sub, which every node of a Cluster passes on to all others, is enough and needs one connection. */
function clusterPort(cluster: NodeRedisCluster): Pick<RedisPort, "primaries" | "openSubscriber"> {
  const clients = (): Promise<NodeRedisClient[]> => Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)));
  return {
    primaries: async () => (await clients()).map((node) => ({ command: (...args) => node.sendCommand(args, plainReplies) })),
    openSubscriber: async (events, signal) => {
      const nodes = await clients();
      const ready = nodes.filter((node) => node.isReady);
      const node = ready[Math.floor(systemRandom.next() * ready.length)];
      if (node === undefined) throw new Error("No node of the Cluster is connected.");
      return openSubscriber(node, events, signal);
    },
  };
}

/** Whatever mapping the owner has set for replies, ours are plain. */
const plainReplies = { typeMapping: {} };

/**
 * The client's command timeout is an `AbortSignal` a call, which costs more than the call. It is kept for writes, so that none is sent
 * long after its caller gave up, and while the client is not connected; a read on a live connection has core's deadline.
 */
function scriptCalls(client: AnyClient): Pick<RedisPort, "kind" | "evalsha" | "eval"> {
  const bounded = client.withTypeMapping({});
  const unbounded = bounded.withCommandOptions({ ...plainReplies, timeout: undefined });
  const isReady = "isReady" in client ? () => client.isReady : () => true;
  return {
    kind: "@redis/client",
    evalsha: (script, keys, args) => (script.readsOnly && isReady() ? unbounded : bounded).evalSha(script.sha, { keys, arguments: args }),
    eval: (script, keys, args) => bounded.eval(script.text, { keys, arguments: args }),
  };
}

/** One attempt: the client's own reconnection does not tell when the channels are subscribed again, so its first error ends it. */
function openSubscriber(client: NodeRedisClient, events: SubscriberEvents, signal: AbortSignal): ReturnType<OpenSubscriber> {
  const connection = client.duplicate();
  const receive: Receive = (payload, channel) => events.message(String(channel), String(payload));
  const close = (): void => destroy(connection);
  signal.addEventListener("abort", close, { once: true });
  return new Promise<SubscriberConnection>((resolve, reject) => {
    const fail = (error: unknown): void => {
      reject(error);
      close();
      events.lost();
    };
    connection.on("error", fail);
    connection.on("end", fail);
    connection.connect().then(() => {
      resolve({
        subscribe: (channel) => connection.subscribe(channel, receive),
        unsubscribe: (channel) => connection.unsubscribe(channel),
        close,
      });
    }, fail);
  });
}

/** Closing what is not open, or not any more, is an error to the client but not to us. */
function destroy(connection: NodeRedisSubscriber): void {
  try {
    connection.destroy();
  } catch {
    // See above.
  }
}

/** A Sentinel client keeps a connection of its own for subscriptions while there are any, and moves it to a new primary. */
async function openThroughSentinel(sentinel: NodeRedisSentinel, events: SubscriberEvents): Promise<SubscriberConnection> {
  const channels = new Set<string>();
  const receive: Receive = (payload, channel) => events.message(String(channel), String(payload));
  const close = (): void => {
    sentinel.off("error", lose);
    sentinel.off("topology-change", follow);
    for (const channel of channels) sentinel.unsubscribe(channel, receive).catch(() => {});
  };
  const lose = (): void => {
    close();
    events.lost();
  };
  const follow = (change: unknown): void => {
    if (typeof change === "object" && change !== null && "type" in change && change.type === "MASTER_CHANGE") lose();
  };
  sentinel.on("error", lose);
  sentinel.on("topology-change", follow);
  return {
    subscribe: (channel) => sentinel.subscribe(channel, receive).then(() => channels.add(channel)),
    unsubscribe: (channel) => sentinel.unsubscribe(channel, receive).then(() => channels.delete(channel)),
    close,
  };
}
