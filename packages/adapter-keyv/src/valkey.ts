/** Valkey and Redis through iovalkey, as `@keyv/valkey` uses it, or ioredis 5 and 6, which is the same client: a single server, Sentinel, or a Cluster. */
import { systemRandom } from "@lingpai/core";
import type { NodePort, OpenSubscriber, RedisPort, SubscriberConnection } from "@lingpai/redis-scripts";
import { requirePlainPrefix } from "@lingpai/redis-scripts";
import { redisStore } from "./redis.ts";
import { has, isObject } from "./shape.ts";
import type { StoreFamily } from "./store.ts";

export const valkey: StoreFamily = {
  ofClient: (client) => (isClient(client) ? redisStore(portOf(client)) : undefined),
  ofAdapter: (adapter) => (isObject(adapter) && isClient(adapter["redis"]) ? redisStore(portOf(adapter["redis"])) : undefined),
};

interface Scripts {
  evalsha(sha: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
}

interface Single extends Scripts {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  duplicate(override: object): Subscriber;
}

interface Cluster extends Scripts {
  readonly options: { readonly keyPrefix?: string | undefined };
  nodes(role: "master" | "all"): Single[];
}

interface Subscriber {
  connect(): Promise<void>;
  disconnect(): void;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string, payload: string) => void): unknown;
  on(event: "error" | "close", listener: () => void): unknown;
}

function isClient(value: unknown): value is Single | Cluster {
  return has<Scripts & { defineCommand(): void }>(value, "evalsha", "eval", "defineCommand");
}

function portOf(client: Single | Cluster): RedisPort {
  return {
    kind: "iovalkey",
    isCluster: "nodes" in client,
    evalsha: (script, keys, args) => client.evalsha(script.sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => client.eval(script.text, keys.length, ...keys, ...args),
    ...placesOf(client),
  };
}

function placesOf(client: Single | Cluster): Pick<RedisPort, "primaries" | "openSubscriber"> {
  if (!("nodes" in client))
    return { primaries: () => [nodePort(client)], openSubscriber: (...events) => openSubscriber(client, ...events) };
  requirePlainPrefix(client.options.keyPrefix ?? "");
  return {
    primaries: () => client.nodes("master").map(nodePort),
    openSubscriber: async (...events) => openSubscriber(anyOf(client.nodes("all")), ...events),
  };
}

function nodePort(node: Single): NodePort {
  return { command: (command, ...args) => node.call(command, ...args) };
}

/** Every node of a Cluster passes messages on to all others. */
function anyOf(nodes: readonly Single[]): Single {
  const ready = nodes.filter(({ status }) => status === "ready");
  const node = ready[Math.floor(systemRandom.next() * ready.length)];
  if (node === undefined) throw new Error("No node of the Cluster is connected.");
  return node;
}

/** One attempt without the client's own reconnection, which does not tell when the channels are subscribed again. */
async function openSubscriber(client: Single, ...[events, signal]: Parameters<OpenSubscriber>): Promise<SubscriberConnection> {
  const connection = client.duplicate({
    keyPrefix: "",
    lazyConnect: true,
    autoResubscribe: false,
    enableAutoPipelining: false,
    retryStrategy: () => null,
  });
  const close = (): void => connection.disconnect();
  connection.on("error", () => {});
  connection.on("message", (channel, payload) => events.message(channel, payload));
  connection.on("close", () => events.lost());
  signal.addEventListener("abort", close, { once: true });
  await connection.connect();
  return { subscribe: (channel) => connection.subscribe(channel), unsubscribe: (channel) => connection.unsubscribe(channel), close };
}
