/**
 * Lingpai's cache and lock on PostgreSQL 9.5 or newer, through a pool of `pg` 8.
 *
 * Two tables hold everything. Each operation is one statement, alone in its transaction, by the
 * server's clock. NOTIFY announces changes in the statement that writes. The caller keeps the pool:
 * it is never ended or configured. One of its connections listens while a cache is watched or a
 * lock is waited for. A connection that does not answer is closed.
 *
 * @packageDocumentation
 */
import { ConfigurationError, requireShape } from "@lingpai/core";
import type { Cache, Lock, Store } from "@lingpai/core";
import type { CacheOptions, LockOptions, StoreOptions } from "@lingpai/core/driver";
import { postgresDrivers, sqlCache, sqlLock, sqlStore } from "@lingpai/sql";
import type { PostgresConnection, PostgresPool, SqlDrivers, SqlSettings } from "@lingpai/sql";

export type { PostgresConnection, PostgresPool };

/**
 * Makes a cache on this pool.
 *
 * @throws {ConfigurationError} `CONFIGURATION` if the argument is no pool, if the pool has room for
 *   a single connection, and for a deadline out of range.
 */
export function postgresCache(pool: PostgresPool, options: CacheOptions = {}): Cache {
  return sqlCache("postgresCache()", options, (settings) => driversOn(pool, settings));
}

/**
 * Makes a lock on this pool. A cache may use the same pool.
 *
 * @throws {ConfigurationError} as {@link postgresCache} does.
 */
export function postgresLock(pool: PostgresPool, options: LockOptions = {}): Lock {
  return sqlLock("postgresLock()", options, (settings) => driversOn(pool, settings));
}

/**
 * Makes the cache and the lock on this pool, sealed with one key, for a credential's `store`.
 *
 * @throws {ConfigurationError} as {@link postgresCache} does, and if `seal` is neither a key nor a
 *   keyring.
 */
export function postgresStore(
  pool: PostgresPool,
  options: StoreOptions & CacheOptions = {},
): Store {
  return sqlStore("postgresStore()", options, (settings) => driversOn(pool, settings));
}

function driversOn(pool: PostgresPool, settings: SqlSettings): SqlDrivers {
  requireShape("The pool", pool, ["connect", "listenerCount", "on"], remedy);
  if (typeof pool.totalCount !== "number")
    throw new ConfigurationError(`The pool must not be a single Client. ${remedy}`);
  if (pool.options?.max === 1)
    throw new ConfigurationError(
      "The pool has room for one connection, which listening would take for itself. Set max to 2 or more.",
    );
  return postgresDrivers(pool, settings);
}

const remedy = "Pass a Pool of pg: new pg.Pool({ connectionString }).";
