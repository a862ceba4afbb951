/**
 * The port for ioredis 5 and 6, and for iovalkey, which is the same client: a single server,
 * Sentinel, or a Cluster.
 */
import { systemRandom } from "@lingpai/core";
import type {
  IoredisClient,
  IoredisCluster,
  IoredisCommands,
  IoredisOverride,
  IoredisSubscriber,
} from "./ioredis-shape.ts";
import { clientRecovery, clusterRecovery } from "./ioredis-recovery.ts";
import { requireClient } from "./given-client.ts";
import type { NodePort, RedisPort } from "../port.ts";
import { requirePlainPrefix } from "../store.ts";
import type { OpenSubscriber } from "../subscriptions.ts";

/**
 * Makes the port of this client. The caller keeps the client and closes it. `kind` is shown in
 * errors.
 *
 * @throws {ConfigurationError} `CONFIGURATION` if the argument is not a client of ioredis, or is a
 *   Cluster client whose `keyPrefix` contains a brace.
 */
export function ioredisPort(
  client: IoredisClient | IoredisCluster,
  kind: string = "ioredis",
): RedisPort {
  requireClient(client, "ioredis");
  return {
    kind,
    traceChannels: ["ioredis:command", "ioredis:batch"],
    ...scriptCalls(client),
    ...("nodes" in client ? clusterPlaces(client) : clientPlaces(client)),
  };
}

type Places = Pick<
  RedisPort,
  "isCluster" | "keyPrefix" | "primaries" | "openSubscriber" | "recover" | "frozenWarning"
>;

function clientPlaces(client: IoredisClient): Places {
  return {
    isCluster: false,
    keyPrefix: client.options && (client.options.keyPrefix ?? ""),
    ...clientRecovery(client, () => quietly(client)),
    primaries: () => [nodePort(client)],
    openSubscriber: (events, signal) => openSubscriber(client, events, signal),
  };
}

/**
 * Changes and releases are rare, so plain pub/sub is enough. Every node of a Cluster passes its
 * messages on to all others, so one connection suffices.
 */
function clusterPlaces(cluster: IoredisCluster): Places {
  requirePlainPrefix(cluster.options.keyPrefix ?? "");
  return {
    isCluster: true,
    ...clusterRecovery(cluster),
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

function scriptCalls(client: IoredisCommands): Pick<RedisPort, "evalsha" | "eval"> {
  return {
    // A read has no arguments, and one spread is cheaper than two.
    evalsha: (script, keys, args) =>
      args.length === 0
        ? client.evalsha(script.sha, keys.length, ...keys)
        : client.evalsha(script.sha, keys.length, ...keys, ...args),
    eval: (script, keys, args) => client.eval(script.text, keys.length, ...keys, ...args),
  };
}

function nodePort(node: IoredisClient): NodePort {
  return { command: (command, ...args) => node.call(command, ...args) };
}

/** Returns another connection with the client's settings, for one attempt. */
function quietly(client: IoredisClient): IoredisSubscriber {
  const connection = client.duplicate(subscriberOptions);
  connection.on("error", () => {});
  return connection;
}

const subscriberOptions: IoredisOverride = {
  keyPrefix: "",
  lazyConnect: true,
  autoResubscribe: false,
  disableClientInfo: true,
  // A server that is still loading accepts subscriptions.
  enableReadyCheck: false,
  enableAutoPipelining: false,
  // The connection is idle for hours. Without TCP's keep-alive a gateway would forget it silently.
  keepAlive: 30_000,
  retryStrategy: () => null,
};

/**
 * Makes one attempt. ioredis's own reconnection is off, because it does not report when the
 * channels are subscribed again.
 */
async function openSubscriber(
  client: IoredisClient,
  ...[events, signal]: Parameters<OpenSubscriber>
): ReturnType<OpenSubscriber> {
  const connection = client.duplicate(subscriberOptions);
  /** Why there is no connection: what `connect` rejects with says only that it is closed. */
  let cause: unknown;
  let isOpen = false;
  connection.on("error", (error) => (cause ??= error));
  connection.on("message", (channel, payload) => events.message(channel, payload));
  connection.on("close", () => isOpen && events.lost());
  const giveUp = (): void => connection.disconnect();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await connection.connect();
    // If the user's own client was closed, ours must not keep the process alive.
    connection.stream?.unref?.();
    isOpen = true;
  } catch (error) {
    connection.disconnect();
    throw cause ?? error;
  }
  return {
    subscribe: (channel) => connection.subscribe(channel),
    unsubscribe: (channel) => connection.unsubscribe(channel),
    close: giveUp,
  };
}
