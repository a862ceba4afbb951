/**
 * Lingpai's cache and lock in a SQLite file, for all processes of one machine.
 *
 * Given a file, the adapter opens a connection of its own to it with node:sqlite (Node 22.13 or
 * newer). Given a `DatabaseSync` of node:sqlite or a `Database` of better-sqlite3, it uses that,
 * and the caller closes it. SQLite does not report changes, so waiters poll and a cache cannot be
 * watched. Never put the file on a network file system, where SQLite's locks are not reliable.
 *
 * @packageDocumentation
 */
import { ConfigurationError } from "@lingpai/core";
import type { Cache, Lock, Store } from "@lingpai/core";
import type { CacheOptions, LockOptions, StoreOptions } from "@lingpai/core/driver";
import {
  isInMemory,
  isSqliteDatabase,
  sqlCache,
  sqliteDrivers,
  sqliteFileDrivers,
  sqlLock,
  sqlStore,
} from "@lingpai/sql";
import type {
  BetterSqliteDatabase,
  NodeSqliteDatabase,
  SqlDrivers,
  SqlSettings,
  SqliteDatabase,
} from "@lingpai/sql";

export type { BetterSqliteDatabase, NodeSqliteDatabase, SqliteDatabase };

/**
 * Makes a cache in this file, or on this connection.
 *
 * @throws {ConfigurationError} `CONFIGURATION` if the argument is neither a file nor an open
 *   database, if the database is in memory, where no other process could reach it, for a file on a
 *   Node without node:sqlite, and for a deadline out of range.
 */
export function sqliteCache(database: string | SqliteDatabase, options: CacheOptions = {}): Cache {
  return sqlCache("sqliteCache()", options, (settings) => driversOn(database, settings));
}

/**
 * Makes a lock in this file, or on this connection. A cache may use the same.
 *
 * @throws {ConfigurationError} as {@link sqliteCache} does.
 */
export function sqliteLock(database: string | SqliteDatabase, options: LockOptions = {}): Lock {
  return sqlLock("sqliteLock()", options, (settings) => driversOn(database, settings));
}

/**
 * Makes the cache and the lock in this file, or on this connection, sealed with one key, for a
 * credential's `store`.
 *
 * @throws {ConfigurationError} as {@link sqliteCache} does, and if `seal` is neither a key nor a
 *   keyring.
 */
export function sqliteStore(
  database: string | SqliteDatabase,
  options: StoreOptions & CacheOptions = {},
): Store {
  return sqlStore("sqliteStore()", options, (settings) => driversOn(database, settings));
}

function driversOn(database: unknown, settings: SqlSettings): SqlDrivers {
  if (typeof database === "string") {
    if (isNoFile(database)) throw inMemory();
    return sqliteFileDrivers(database, settings);
  }
  if (!isSqliteDatabase(database))
    throw new ConfigurationError(
      "The database must be the path of a file, a DatabaseSync of node:sqlite, or a Database of better-sqlite3.",
    );
  if (isInMemory(database)) throw inMemory();
  return sqliteDrivers(database, settings);
}

/** The paths that SQLite opens as a database in memory, or as a temporary one. */
function isNoFile(path: string): boolean {
  return path.trim() === "" || /^(:memory:$|file:.*(:memory:|mode=memory))/.test(path);
}

function inMemory(): ConfigurationError {
  return new ConfigurationError(
    "A SQLite database in memory is reached by its own connection only. Give the path of a file, or take memoryStore() of @lingpai/adapter-memory.",
  );
}
