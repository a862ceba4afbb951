/**
 * Lingpai's cache and lock over any Keyv, 5 or 6.
 *
 * Keyv itself has no atomic operation. A lock made of its `get` and `set` has two holders in most
 * acquisitions. Therefore every atomic operation goes to the database under the Keyv, through its
 * own client: SQLite, PostgreSQL, MySQL, Redis, Valkey, etcd, memcached, or an in-process Map.
 * Entries lie in tables or keys of Lingpai's own, not in Keyv's envelope, because exact versions
 * and times to live need that. Data that you store through the Keyv and data that Lingpai stores
 * never meet. `keyvLock` refuses a store without a known atomic operation.
 *
 * @packageDocumentation
 */
import {
  LockUnsupportedError,
  requireObject,
  requireOneOf,
  requireOptions,
  systemClock,
} from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import type { Cache, Lock, OptionKinds } from "@lingpai/core";
import type { CacheOptions, LockOptions } from "@lingpai/core/driver";
import { nameOfHeld, storeOfClient, storeOfHeld, unwrap } from "./keyv/detect.ts";
import { clearedLocks } from "./keyv/kept-apart.ts";
import { plainCache } from "./keyv/plain.ts";
import type { PlainStore } from "./keyv/plain.ts";
import { has, isObject } from "./store/shape.ts";
import { alternatives, requireFacts } from "./store/store.ts";
import type { AtomicStore, Demand } from "./store/store.ts";

export type { AtomicStore, StoreFacts, StoreScope } from "./store/store.ts";

/** The only member of a Keyv that is used: the store that it was constructed with. */
export interface KeyvLike {
  readonly store: unknown;
}

export interface StoreOptions {
  /**
   * The database's own client: a `DatabaseSync` of node:sqlite, a pg `Pool`, a mysql2 pool, a
   * client of @redis/client, ioredis or iovalkey, an `Etcd3`, a memjs `Client`, a `Map`. It stays
   * yours: you connect and close it.
   * @defaultValue the client found under the Keyv
   */
  readonly native?: object;
  /**
   * Your own drivers for a store that this package does not know. They take precedence over
   * `native`.
   */
  readonly atomic?: AtomicStore;
}

export interface KeyvCacheOptions extends CacheOptions, StoreOptions {}

export interface KeyvLockOptions extends LockOptions, StoreOptions {
  /**
   * The widest set of callers that the lock must exclude. A lock within one process must be asked
   * for explicitly: `"process"`. @defaultValue "host"
   */
  readonly scope?: Demand["scope"];
  /**
   * `"advisory"` also accepts a store that may forget a lease or a fence, or that uses its clients'
   * clocks. @defaultValue "fenced"
   */
  readonly guarantee?: Demand["guarantee"];
}

/**
 * Makes a cache over the store under this Keyv.
 *
 * On a store without a known atomic operation, reads, unconditional writes and deletes work by this
 * process's clock. A write with `ifVersion` rejects with `LOCK_UNSUPPORTED`, because it could not
 * be atomic.
 *
 * @throws {LockUnsupportedError} `LOCK_UNSUPPORTED` when `native` is not a client that this package
 *   knows.
 */
export function keyvCache(keyv: KeyvLike, options: KeyvCacheOptions = {}): Cache {
  const own = driverOptions("keyvCache()", keyv, options, { random: "random" });
  return createCache(atomicStore(keyv, options)?.cache ?? fallback(keyv, options), own);
}

/**
 * Makes a lock in the store under this Keyv.
 *
 * @throws {LockUnsupportedError} `LOCK_UNSUPPORTED` when the store has no known atomic operation,
 *   when its scope or guarantee is weaker than the one asked for, and when a `clear()` of the Keyv
 *   itself would free a held lease. The text names what to use instead.
 */
export function keyvLock(keyv: KeyvLike, options: KeyvLockOptions = {}): Lock {
  const own = driverOptions("keyvLock()", keyv, options, {});
  const { scope = "host", guarantee = "fenced" } = options;
  const store = atomicStore(keyv, options);
  if (store === undefined) {
    throw new LockUnsupportedError(
      `No atomic operation is known of ${nameOfHeld(keyv.store)}, and a lock made of get and set has two holders at once. ` +
        `Use ${alternatives[scope]}; pass the database's own client as { native }; or describe the store with { atomic }.`,
    );
  }
  requireFacts(store, { scope, guarantee });
  requireKeptApart(keyv, options);
  return createLock(store.lock, own);
}

/** The options for core's part, after they were checked. */
function driverOptions(
  what: string,
  keyv: KeyvLike,
  options: KeyvCacheOptions & KeyvLockOptions,
  own: OptionKinds,
): CacheOptions {
  requireObject("The Keyv", keyv);
  requireOptions(what, options, {
    atomic: "object",
    clock: "clock",
    deadlineMs: "number",
    guarantee: "text",
    native: "object",
    scope: "text",
    ...own,
  });
  requireOneOf("guarantee", options.guarantee, ["fenced", "advisory"]);
  requireOneOf("scope", options.scope, Object.keys(alternatives));
  const {
    atomic: _atomic,
    guarantee: _guarantee,
    native: _native,
    scope: _scope,
    ...shared
  } = options;
  return shared;
}

/**
 * With your own drivers or client, the Keyv's `clear()` matters only if both use the same client.
 */
function requireKeptApart({ store }: KeyvLike, { native, atomic }: StoreOptions): void {
  const adapter = unwrap(store);
  const isShared =
    native === undefined ? atomic === undefined : isObject(adapter) && adapter["client"] === native;
  const danger = isShared
    ? clearedLocks(adapter, isObject(store) ? store["namespace"] : undefined)
    : undefined;
  if (danger !== undefined)
    throw new LockUnsupportedError(
      `${danger}, or give the lock a client of its own as { native }.`,
    );
}

function atomicStore(
  keyv: KeyvLike,
  { native, atomic, clock = systemClock, deadlineMs = 500 }: KeyvCacheOptions,
): AtomicStore | undefined {
  if (atomic !== undefined) {
    const { facts, cache, lock } = atomic;
    for (const [name, part] of Object.entries({ facts, cache, lock }))
      requireObject(`atomic, an object, is incomplete: its ${name}`, part);
    return atomic;
  }
  if (native === undefined) return storeOfHeld(keyv.store, { clock, deadlineMs });
  const store = storeOfClient(native, { clock, deadlineMs });
  if (store !== undefined) return store;
  throw new LockUnsupportedError(
    `{ native } is no client that is known here (${nameOfHeld(native)}). Pass a client that the README lists, or describe the store with { atomic }.`,
  );
}

function fallback(
  { store }: KeyvLike,
  { clock = systemClock }: KeyvCacheOptions,
): ReturnType<typeof plainCache> {
  if (has<PlainStore>(store, "get", "set", "delete"))
    return plainCache(store, nameOfHeld(store), clock);
  throw new LockUnsupportedError(
    "This is no Keyv: it has no store with get, set and delete. Pass a Keyv 5 or 6.",
  );
}
