/** Finds the atomic store for a client, or for the store inside a Keyv. */
import { etcd } from "../etcd/etcd.ts";
import { memcached } from "../memcached/memcached.ts";
import { memory } from "../memory/memory.ts";
import { mysql } from "../sql/mysql.ts";
import { postgres } from "../sql/postgres.ts";
import { redis } from "../redis/redis.ts";
import { isObject } from "../store/shape.ts";
import { sqlite } from "../sql/sqlite.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "../store/store.ts";
import { valkey } from "../redis/valkey.ts";

const families: readonly StoreFamily[] = [
  memory,
  sqlite,
  redis,
  valkey,
  postgres,
  mysql,
  etcd,
  memcached,
];

/** The store for a database's own client, as passed in `native`. */
export function storeOfClient(client: unknown, settings: StoreSettings): AtomicStore | undefined {
  return remembered(client, (family) => family.ofClient(client, settings));
}

/** The store for what a Keyv was constructed with: a Map, or one of Keyv's own adapters. */
export function storeOfHeld(held: unknown, settings: StoreSettings): AtomicStore | undefined {
  const adapter = unwrap(held);
  return remembered(adapter, (family) => family.ofAdapter(adapter, settings));
}

/** The name shown in errors. */
export function nameOfHeld(held: unknown): string {
  const adapter = unwrap(held);
  const name = isObject(adapter) ? adapter.constructor.name : typeof adapter;
  return /^\w{1,60}$/.test(name) ? name : "a store without a name";
}

/** Keyv 6 wraps a Map and every adapter of Keyv 5. Both wrappers have a separator of their own. */
export function unwrap(held: unknown): unknown {
  return isObject(held) && "namespaceSeparator" in held && isObject(held["store"])
    ? held["store"]
    : held;
}

/**
 * The only state of this module. All caches and locks over one client must share the connection on
 * which they listen, and their prepared statements; the client is the only thing they have in
 * common. An entry lives as long as its client, and uses its first user's settings.
 */
const stores = new WeakMap<object, AtomicStore>();

function remembered(
  client: unknown,
  look: (family: StoreFamily) => AtomicStore | undefined,
): AtomicStore | undefined {
  if (!isObject(client)) return undefined;
  const known = stores.get(client);
  if (known !== undefined) return known;
  for (const family of families) {
    const store = look(family);
    if (store === undefined) continue;
    stores.set(client, store);
    return store;
  }
  return undefined;
}
