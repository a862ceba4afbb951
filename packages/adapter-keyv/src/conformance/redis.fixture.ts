/** Redis under Keyv's own adapters, on the same servers on which the Redis adapters are tested. */
import KeyvRedis from "@keyv/redis";
import KeyvValkey from "@keyv/valkey";
import type { Backend } from "@lingpai/conformance";
import { clusterBackend, lookalikeOf, standaloneBackend } from "@lingpai/test-redis";
import type { Connected, RedisDriver } from "@lingpai/test-redis";
import * as client6 from "@redis/client";
import { Redis as Ioredis } from "ioredis";
import { Redis as Valkey } from "iovalkey";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import KeyvRedis6 from "keyv-redis6";
import * as client5 from "redis-client5";
import { keyvCache, keyvLock } from "../index.ts";

interface AnyKeyv {
  readonly store: unknown;
  get(key: string): Promise<unknown>;
}

/** The client's members that only the tests use. */
interface Owned {
  eventNames(): (string | symbol)[];
  listenerCount(event: string | symbol): number;
  on(event: "error", listener: () => void): unknown;
}

function connected(
  client: Owned,
  keyv: AnyKeyv,
  disconnect: () => unknown,
  native?: object,
): Connected {
  const options = native === undefined ? {} : { native };
  return {
    cache: (given) => keyvCache(keyv, { ...given, ...options }),
    lock: (given) => keyvLock(keyv, { ...given, ...options }),
    lookalike: () => connected(client, keyv, disconnect, lookalikeOf(client)),
    probe: () => Promise.reject(new Error("There is no probe over a Keyv.")),
    // Sent through the adapter, which connects its client on first use.
    ping: () => keyv.get("ping"),
    listenerCount: () =>
      client.eventNames().reduce((sum, event) => sum + client.listenerCount(event), 0),
    close: async () => void disconnect(),
  };
}

/** The adapter itself connects the client on first use. */
function overKeyvRedis<C extends Owned & { readonly isOpen: boolean; destroy(): unknown }>(
  client: C,
  keyv: AnyKeyv,
): Connected {
  client.on("error", () => {});
  return connected(client, keyv, () => client.isOpen && client.destroy());
}

const keyvRedis5: RedisDriver = {
  adapter: "adapter-keyv",
  client: "@keyv/redis 5",
  hasKeyPrefix: false,
  async standalone({ host, port }, own) {
    const client = client5.createClient({ socket: { host, port }, ...own });
    return overKeyvRedis(client, quiet(new Keyv5({ store: new KeyvRedis(client) })));
  },
  sentinel: () => Promise.reject(new Error("not tested here")),
  async cluster(nodes) {
    const client = client5.createCluster({
      rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
    });
    await client.connect();
    return overKeyvRedis(client, quiet(new Keyv5({ store: new KeyvRedis(client) })));
  },
};

const keyvRedis6: RedisDriver = {
  ...keyvRedis5,
  client: "@keyv/redis 6",
  hasKeyPrefix: true,
  async standalone({ host, port }, own) {
    const client = client6.createClient({ socket: { host, port }, ...own });
    return overKeyvRedis(client, quiet(new Keyv({ store: new KeyvRedis6(client) })));
  },
};

const keyvValkey: RedisDriver = {
  adapter: "adapter-keyv",
  client: "@keyv/valkey 1",
  hasKeyPrefix: true,
  async standalone({ host, port }, own) {
    const client = new Valkey({ host, port, ...own });
    return connected(client, quiet(new Keyv({ store: new KeyvValkey(client) })), () =>
      client.disconnect(),
    );
  },
  sentinel: () => Promise.reject(new Error("not tested here")),
  cluster: () => Promise.reject(new Error("not tested here")),
};

/** A client for `native`. It makes the same calls as one under a Keyv adapter. */
const overIoredis = (
  client: Owned & { ping(): Promise<unknown>; disconnect(): void },
): Connected => {
  client.on("error", () => {});
  return {
    ...connected(client, new Keyv(), () => client.disconnect(), client),
    ping: () => client.ping(),
  };
};

const natives: readonly RedisDriver[] = [
  {
    ...keyvValkey,
    client: "ioredis 6",
    hasKeyPrefix: false,
    standalone: async ({ host, port }, own) => overIoredis(new Ioredis({ host, port, ...own })),
  },
  {
    ...keyvValkey,
    client: "iovalkey 0",
    hasKeyPrefix: false,
    standalone: async ({ host, port }, own) => overIoredis(new Valkey({ host, port, ...own })),
  },
  {
    ...keyvValkey,
    client: "@redis/client 6",
    hasKeyPrefix: false,
    async standalone({ host, port }, own) {
      const client = client6.createClient({ socket: { host, port }, ...own });
      client.on("error", () => {});
      const connecting = client.connect().catch(() => {});
      const disconnect = (): unknown => client.isOpen && client.destroy();
      return {
        ...connected(client, new Keyv(), disconnect, client),
        ping: () => connecting.then(() => client.ping()),
      };
    },
  },
];

/**
 * Keyv also emits every failure as an event. Without a listener the event would end the process.
 */
function quiet<K extends { on(event: "error", listener: () => void): unknown }>(keyv: K): K {
  keyv.on("error", () => {});
  return keyv;
}

export const redisServers: readonly Backend[] = [
  clusterBackend(keyvRedis5),
  standaloneBackend(keyvRedis6),
  standaloneBackend(keyvValkey),
  ...natives.map((driver) => ({
    ...standaloneBackend(driver),
    daily: { clauses: ["CACHE-0", "LOCK-0"], restBy: "@keyv/redis 6, redis standalone" },
  })),
];
