/**
 * Redis and Valkey through @redis/client 5 or 6, as `@keyv/redis` 5 and 6 use it: a single server, Sentinel, or a Cluster.
 *
 * Entries, locks and fences have the same names and contents as those of `@lingpai/adapter-node-redis` and
 * `@lingpai/adapter-ioredis`, so that nodes with different adapters share them. A `clear()` of an adapter without a namespace
 * removes every key without `::`, our entries among them; locks and fences have it. One with `noNamespaceAffectsAll` is a FLUSHDB.
 */
import { systemRandom } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver, createRedisStore } from "@lingpai/redis-scripts";
import type { NodePort, OpenSubscriber, RedisPort, SubscriberConnection, SubscriberEvents } from "@lingpai/redis-scripts";
import { has, isObject } from "./shape.ts";
import type { AtomicStore, StoreFamily } from "./store.ts";

export const redis: StoreFamily = {
  ofClient: (client) => (isClient(client) ? redisStore(portOf(client, async () => {})) : undefined),
  ofAdapter(adapter) {
    if (!isObject(adapter) || !isClient(adapter["client"])) return undefined;
    // The adapter connects its client only when it is first used through it.
    const connect = has<KeyvRedis>(adapter, "getClient") ? () => adapter.getClient() : async () => {};
    return redisStore(portOf(adapter["client"], connect));
  },
};

/** The store of any Redis client, given what is peculiar to it. */
export function redisStore(port: RedisPort): AtomicStore {
  const store = createRedisStore(port);
  return {
    kind: port.kind,
    facts: { scope: "cluster", fencing: true, clock: "server" },
    cache: createRedisCacheDriver(store),
    lock: createRedisLockDriver(store),
  };
}

interface KeyvRedis {
  getClient(): Promise<unknown>;
}

interface Scripts {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  withTypeMapping(mapping: object): Scripts;
}

interface Single extends Scripts {
  readonly isReady: boolean;
  sendCommand(args: string[], options: { typeMapping: object }): Promise<unknown>;
  duplicate(): Subscriber;
}

interface Cluster extends Scripts {
  readonly masters: readonly object[];
  nodeClient(node: object): Single | Promise<Single>;
}

interface Sentinel extends Scripts {
  sendCommand(isReadonly: boolean, args: string[], options: { typeMapping: object }): Promise<unknown>;
  getSentinelNode(): unknown;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string, listener: Receive): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

interface Subscriber {
  connect(): Promise<unknown>;
  destroy(): unknown;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: string, listener: (detail: unknown) => void): unknown;
}

type Receive = (payload: unknown, channel: unknown) => void;
type Client = Single | Cluster | Sentinel;

function isClient(value: unknown): value is Client {
  return has<Single>(value, "evalSha", "eval", "withTypeMapping");
}

/** Whatever mapping the client's owner has set for replies, ours are plain. */
const plain = { typeMapping: {} };

function portOf(client: Client, connect: () => Promise<unknown>): RedisPort {
  const scripts = client.withTypeMapping({});
  // Whoever comes while it connects waits for that too: the client itself refuses them.
  let connecting: Promise<unknown> | undefined;
  const connected = (): Promise<unknown> => (connecting ??= connect().finally(() => (connecting = undefined)));
  return {
    kind: "@redis/client",
    isCluster: "nodeClient" in client,
    evalsha: async (script, keys, args) => {
      await connected();
      return scripts.evalSha(script.sha, { keys, arguments: args });
    },
    eval: (script, keys, args) => scripts.eval(script.text, { keys, arguments: args }),
    ...placesOf(client),
  };
}

function placesOf(client: Client): Pick<RedisPort, "primaries" | "openSubscriber"> {
  if ("nodeClient" in client) {
    const nodes = (): Promise<Single[]> => Promise.all(client.masters.map((node) => client.nodeClient(node)));
    return {
      primaries: async () => (await nodes()).map(nodePort),
      openSubscriber: async (...events) => openSubscriber(anyOf(await nodes()), ...events),
    };
  }
  if ("getSentinelNode" in client) {
    const primary: NodePort = { command: (...args) => client.sendCommand(false, args, plain) };
    return { primaries: () => [primary], openSubscriber: (events) => openThroughSentinel(client, events) };
  }
  return { primaries: () => [nodePort(client)], openSubscriber: (...events) => openSubscriber(client, ...events) };
}

function nodePort(node: Single): NodePort {
  return { command: (...args) => node.sendCommand(args, plain) };
}

/** Every node of a Cluster passes messages on to all others. */
function anyOf(nodes: readonly Single[]): Single {
  const ready = nodes.filter(({ isReady }) => isReady);
  const node = ready[Math.floor(systemRandom.next() * ready.length)];
  if (node === undefined) throw new Error("No node of the Cluster is connected.");
  return node;
}

/** One attempt: the client's own reconnection does not tell when the channels are subscribed again, so its first error ends it. */
async function openSubscriber(client: Single, ...[events, signal]: Parameters<OpenSubscriber>): Promise<SubscriberConnection> {
  const connection = client.duplicate();
  const receive: Receive = (payload, channel) => events.message(String(channel), String(payload));
  const close = (): void => {
    try {
      connection.destroy();
    } catch {
      // It was not open any more.
    }
  };
  const lose = (): void => {
    close();
    events.lost();
  };
  signal.addEventListener("abort", close, { once: true });
  connection.on("error", lose);
  connection.on("end", lose);
  await connection.connect();
  return {
    subscribe: (channel) => connection.subscribe(channel, receive),
    unsubscribe: (channel) => connection.unsubscribe(channel),
    close,
  };
}

/** A Sentinel client keeps a connection of its own for subscriptions; a new primary means that messages may have been missed. */
async function openThroughSentinel(sentinel: Sentinel, events: SubscriberEvents): Promise<SubscriberConnection> {
  const channels = new Set<string>();
  const receive: Receive = (payload, channel) => events.message(String(channel), String(payload));
  const close = (): void => {
    for (const event of ["error", "topology-change"]) sentinel.off(event, lose);
    for (const channel of channels) sentinel.unsubscribe(channel, receive).catch(() => {});
  };
  const lose = (): void => {
    close();
    events.lost();
  };
  for (const event of ["error", "topology-change"]) sentinel.on(event, lose);
  return {
    subscribe: (channel) => sentinel.subscribe(channel, receive).then(() => channels.add(channel)),
    unsubscribe: (channel) => sentinel.unsubscribe(channel, receive).then(() => channels.delete(channel)),
    close,
  };
}
