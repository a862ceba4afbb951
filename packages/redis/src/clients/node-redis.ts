/**
 * The port for @redis/client 5 and 6 (the client of `redis`): a single server, Sentinel, or a
 * Cluster.
 */
import { systemRandom } from "@lingpai/core";
import { requireClient } from "./given-client.ts";
import type { NodePort, RedisPort } from "../port.ts";
import type { OpenSubscriber, SubscriberConnection, SubscriberEvents } from "../subscriptions.ts";

/** The used members of a client of `createClient`. */
export interface NodeRedisClient extends NodeRedisCommands {
  readonly isReady: boolean;
  sendCommand(args: string[], options?: { typeMapping?: object }): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
}

/** The used members of a client of `createCluster`. */
export interface NodeRedisCluster extends NodeRedisCommands {
  readonly masters: readonly object[];
  nodeClient(node: object): NodeRedisClient | Promise<NodeRedisClient>;
  /** Without a first key it goes to a primary by chance. */
  sendCommand(firstKey: undefined, isReadonly: boolean, args: string[]): Promise<unknown>;
}

/** The used members of a client of `createSentinel`. */
export interface NodeRedisSentinel extends NodeRedisCommands {
  readonly isReady: boolean;
  sendCommand(
    isReadonly: boolean,
    args: string[],
    options?: { typeMapping?: object },
  ): Promise<unknown>;
  getSentinelNode(): unknown;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string, listener: Receive): Promise<unknown>;
  on(event: string, listener: (detail: unknown) => void): unknown;
  off(event: string, listener: (detail: unknown) => void): unknown;
}

export interface NodeRedisCommands extends NodeRedisScripts {
  withTypeMapping(
    mapping: object,
  ): NodeRedisScripts & { withCommandOptions(options: object): NodeRedisScripts };
}

export interface NodeRedisScripts {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

export interface NodeRedisSubscriber {
  connect(): Promise<unknown>;
  destroy(): unknown;
  unref?(): unknown;
  ping(): Promise<unknown>;
  subscribe(channel: string, listener: Receive): Promise<unknown>;
  unsubscribe(channel: string, listener: Receive): Promise<unknown>;
  on(event: string, listener: (detail: unknown) => void): unknown;
}

type Receive = (payload: string | Uint8Array, channel: string | Uint8Array) => void;

export type AnyNodeRedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/**
 * The port of this client. The caller keeps the client: it is never connected, closed or
 * configured.
 *
 * @throws {ConfigurationError} `CONFIGURATION` if it is no client of `@redis/client`.
 */
export function nodeRedisPort(client: AnyNodeRedisClient): RedisPort {
  requireClient(client, "@redis/client");
  const scripts = scriptCalls(client);
  if ("nodeClient" in client) return { ...scripts, ...clusterPort(client), isCluster: true };
  if ("getSentinelNode" in client) {
    const node: NodePort = { command: (...args) => client.sendCommand(false, args, plainReplies) };
    const evalsha = followingTheFirst(scripts.evalsha);
    return {
      ...scripts,
      evalsha,
      isCluster: false,
      primaries: () => [node],
      openSubscriber: (events) => openThroughSentinel(client, events),
    };
  }
  const node: NodePort = { command: (...args) => client.sendCommand(args, plainReplies) };
  return {
    ...scripts,
    isCluster: false,
    primaries: () => [node],
    openSubscriber: (...events) => openSubscriber(client, ...events),
  };
}

/**
 * Changes and releases are rare, so plain pub/sub, which every node of a Cluster passes on to all
 * others, is enough and needs one connection.
 */
function clusterPort(
  cluster: NodeRedisCluster,
): Pick<RedisPort, "primaries" | "openSubscriber" | "recover"> {
  const clients = (): Promise<NodeRedisClient[]> =>
    Promise.all(cluster.masters.map((node) => cluster.nodeClient(node)));
  return {
    // A primary of other slots answers MOVED, and the client asks it for the new map. Nothing in
    // its settings makes it do so by itself (5.12, 6.3).
    recover: async (name) => {
      if (name !== "")
        for (let attempt = 0; attempt < 3; attempt += 1)
          cluster.sendCommand(undefined, false, ["GET", name]).catch(() => {});
    },
    primaries: async () =>
      (await clients()).map((node) => ({
        command: (...args) => node.sendCommand(args, plainReplies),
      })),
    openSubscriber: async (events, signal) => {
      const nodes = await clients();
      const ready = nodes.filter((node) => node.isReady);
      const node = ready[Math.floor(systemRandom.next() * ready.length)];
      if (node === undefined) throw new Error("No node of the Cluster is connected.");
      return openSubscriber(node, events, signal);
    },
  };
}

/** Turns off the client's type mapping for our replies. */
const plainReplies = { typeMapping: {} };

/**
 * The client's command timeout makes an `AbortSignal` for each call, which costs more than the
 * call. Writes keep it, so that none is sent long after its caller gave up, and so do calls while
 * the client is not connected. A read on a live connection has core's deadline only.
 */
function scriptCalls(
  client: AnyNodeRedisClient,
): Pick<RedisPort, "kind" | "traceChannels" | "evalsha" | "eval"> {
  const bounded = client.withTypeMapping({});
  const unbounded = bounded.withCommandOptions({ ...plainReplies, timeout: undefined });
  const isReady = "isReady" in client ? () => client.isReady : () => true;
  return {
    kind: "@redis/client",
    traceChannels: ["node-redis:command", "node-redis:batch"],
    evalsha: (script, keys, args) =>
      (script.readsOnly && isReady() ? unbounded : bounded).evalSha(script.sha, {
        keys,
        arguments: args,
      }),
    eval: (script, keys, args) => bounded.eval(script.text, { keys, arguments: args }),
  };
}

/**
 * The turns of the microtask queue in which a Sentinel client borrows its connection, with a
 * margin.
 */
const borrowingTurns = 4;

/**
 * A Sentinel client sends all calls that are made while it has borrowed its pool's connection. But
 * calls that begin together, before the first has borrowed it, get it one after the other, a round
 * trip each (5.12, 6.3). So the first call goes ahead, and the others follow in order as soon as
 * they can share its connection.
 */
function followingTheFirst(send: RedisPort["evalsha"]): RedisPort["evalsha"] {
  let first: Promise<void> | undefined;
  return async (script, keys, args) => {
    if (first !== undefined) await first;
    else {
      first = turns(borrowingTurns);
      first.then(() => (first = undefined));
    }
    return send(script, keys, args);
  };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined;
}

/**
 * Makes one attempt. Its first error ends it, because the client's own reconnection does not report
 * when the channels are subscribed again.
 */
function openSubscriber(
  client: NodeRedisClient,
  events: SubscriberEvents,
  signal: AbortSignal,
): ReturnType<OpenSubscriber> {
  const connection = client.duplicate();
  const receive: Receive = (payload, channel) => events.message(String(channel), String(payload));
  const close = (): void => destroy(connection);
  signal.addEventListener("abort", close, { once: true });
  return new Promise<SubscriberConnection>((resolve, reject) => {
    let isOpen = false;
    const fail = (error: unknown): void => {
      reject(error);
      close();
      // Before that the rejection says it, and says why.
      if (isOpen) events.lost();
    };
    connection.on("error", fail);
    connection.on("end", fail);
    connection.connect().then(() => {
      // If the user's own client was closed, ours must not keep the process alive.
      connection.unref?.();
      isOpen = true;
      resolve({
        // The client confirms a channel that it already has without asking the server, hence the
        // ping.
        subscribe: (channel) =>
          Promise.all([connection.subscribe(channel, receive), connection.ping()]),
        // With its listener, so that the client can distinguish it from a subscription that follows
        // at once.
        unsubscribe: (channel) => connection.unsubscribe(channel, receive),
        close,
      });
    }, fail);
  });
}

/** Closes the connection. The client's error for one that is not open is ignored. */
function destroy(connection: NodeRedisSubscriber): void {
  try {
    connection.destroy();
  } catch {
    // See above.
  }
}

/**
 * Subscribes through a Sentinel client. It keeps its own connection for subscriptions while there
 * are any, and moves it to a new primary.
 */
async function openThroughSentinel(
  sentinel: NodeRedisSentinel,
  events: SubscriberEvents,
): Promise<SubscriberConnection> {
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
    if (
      typeof change === "object" &&
      change !== null &&
      "type" in change &&
      change.type === "MASTER_CHANGE"
    )
      lose();
  };
  sentinel.on("error", lose);
  sentinel.on("topology-change", follow);
  return {
    subscribe: (channel) => sentinel.subscribe(channel, receive).then(() => channels.add(channel)),
    unsubscribe: (channel) =>
      sentinel.unsubscribe(channel, receive).then(() => channels.delete(channel)),
    close,
  };
}
