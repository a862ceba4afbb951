/**
 * Redis and Valkey through @redis/client 5 or 6, which `@keyv/redis` 5 and 6 use: a single server,
 * Sentinel, or a Cluster.
 *
 * Entries, locks and fences have the same names and contents as those of
 * `@lingpai/adapter-node-redis` and `@lingpai/adapter-ioredis`, so nodes with different adapters
 * share them. A `clear()` of an adapter without a namespace removes every key without `::`, which
 * includes Lingpai's entries but not its locks and fences. With `noNamespaceAffectsAll` it sends
 * FLUSHDB.
 */
import {
  createRedisCacheDriver,
  createRedisLockDriver,
  createRedisStore,
  nodeRedisPort,
} from "@lingpai/redis";
import type { AnyNodeRedisClient, NodeRedisClient, RedisPort } from "@lingpai/redis";
import { has, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily } from "../store/store.ts";

export const redis: StoreFamily = {
  ofClient: (client) => (isClient(client) ? redisStore(nodeRedisPort(client)) : undefined),
  ofAdapter(adapter) {
    if (!isObject(adapter) || !isClient(adapter["client"])) return undefined;
    const port = nodeRedisPort(adapter["client"]);
    return redisStore(has<KeyvRedis>(adapter, "getClient") ? connectedBy(adapter, port) : port);
  },
};

/** The store of any Redis client, given the parts that differ between clients. */
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
  readonly client: { readonly isOpen?: boolean };
  getClient(): Promise<unknown>;
}

function isClient(value: unknown): value is AnyNodeRedisClient {
  return has<NodeRedisClient>(value, "evalSha", "eval", "withTypeMapping");
}

/**
 * The adapter connects its client only on first use through it, and every operation of ours begins
 * with a script. Afterwards the owner decides: a background read would open a client again that its
 * owner has closed, and keep the process alive. So would the late release of a lock that was never
 * granted.
 */
function connectedBy(adapter: KeyvRedis, port: RedisPort): RedisPort {
  // Calls that come while it connects wait too, because the client itself would refuse them.
  let connecting: Promise<unknown> | undefined;
  let wasTried = false;
  let wasOpen = false;
  const connect = async (): Promise<void> => {
    wasTried = true;
    await adapter.getClient();
    wasOpen = adapter.client.isOpen === true;
  };
  return {
    ...port,
    async evalsha(script, keys, args) {
      const comesLate = wasTried && script.name === "release";
      if (!wasOpen && !comesLate)
        await (connecting ??= connect().finally(() => (connecting = undefined)));
      return port.evalsha(script, keys, args);
    },
  };
}
