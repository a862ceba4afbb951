/**
 * SQLite: the embedded store for several processes on one machine, on one file in WAL mode.
 *
 * The clock is the machine's, which all its processes share, so the scope is the host. Never put
 * the file on a network file system, where SQLite's locks are not reliable. `:memory:` is limited
 * to its one connection, so its scope is the process.
 *
 * A transaction belongs to a connection, not to a caller. So nothing is read or written while the
 * owner of a connection has a transaction open on it, because a ROLLBACK would undo a lease that
 * was acknowledged.
 */
import { hasSubscribers } from "node:diagnostics_channel";
import { CacheUnavailableError, delay } from "@lingpai/core";
import type { CacheUnavailableReason } from "@lingpai/core";
import { refusal } from "../connection/refusal.ts";
import type { Remedies } from "../connection/refusal.ts";
import type { SqlDrivers, SqlSettings } from "../drivers.ts";
import type { Row, SqlDatabase } from "../statements/database.ts";
import { sqlEntries } from "../statements/entries.ts";
import { sqlLocks } from "../statements/locks.ts";
import { entriesTable, locksTable } from "../statements/tables.ts";
import { borrowedSource, fileSource } from "./connection.ts";
import type { SqliteConnection, SqliteDatabase, SqliteSource, SqliteValue } from "./connection.ts";

/** Drivers over a connection that the caller passed and closes. */
export function sqliteDrivers(database: SqliteDatabase, settings: SqlSettings): SqlDrivers {
  return driversOver(borrowedSource(database), settings);
}

/**
 * Drivers over a connection of their own to this file, which is opened on first use and closed with
 * the cache.
 *
 * @throws {ConfigurationError} `CONFIGURATION` (`node-version`) when this Node has no node:sqlite.
 */
export function sqliteFileDrivers(file: string, settings: SqlSettings): SqlDrivers {
  return driversOver(fileSource(file), settings);
}

function driversOver(source: SqliteSource, settings: SqlSettings): SqlDrivers {
  const run = runnerOn(source);
  const database: SqlDatabase = {
    kind: "sqlite",
    nowMs,
    greatest: "max",
    run: (statement, values) => untilFree(settings, () => run(statement, values as SqliteValue[])),
    toColumn: (value) => value,
    // Read as bytes: node:sqlite of Node 22 ends a text at a NUL character.
    readableValue: "CAST(value AS BLOB)",
    fromColumn: (column) => Buffer.from(column as Uint8Array).toString(),
    announceChange: (statement) => statement,
    announceRelease: (statement) => statement,
  };
  return {
    cache: {
      ...sqlEntries(database),
      tracedOn: () => traceChannels.filter((name) => source.isNodes && hasSubscribers(name)),
      close: async () => source.close(),
    },
    lock: sqlLocks(database),
  };
}

/**
 * Node 26 publishes each statement of node:sqlite here, with its values (seen in 26.9, 2026-11; 24
 * has no such channel). better-sqlite3's `verbose` cannot be detected.
 */
const traceChannels: readonly string[] = ["sqlite.db.query"];

/** The pause between two attempts until the deadline, in ms, in which the event loop runs. */
const busyPauseMs = 10;

const nowMs = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${entriesTable} (id TEXT PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL,
    value TEXT NOT NULL, version TEXT NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS ${entriesTable}_scope ON ${entriesTable} (scope, id)`,
  `CREATE TABLE IF NOT EXISTS ${locksTable} (id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT,
    fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `DELETE FROM ${entriesTable} WHERE expires_at <= ${nowMs}`,
];

/**
 * Repeats a statement that found the file busy, or its connection in a transaction. It has done
 * nothing yet.
 */
async function untilFree<T>(
  { clock, deadlineMs }: SqlSettings,
  attempt: () => T | typeof inTransaction,
): Promise<T> {
  const startMs = clock.monotonicMs();
  for (;;) {
    try {
      const result = attempt();
      if (result !== inTransaction) return result;
      // Ends before the caller's deadline, whose error could not give the reason.
      if (clock.monotonicMs() - startMs >= deadlineMs / 2) throw openTransaction();
    } catch (error) {
      const refused = refusal("sqlite", { code: resultName(error) }, reasons, remedies);
      if (refused?.reason !== "timeout" || clock.monotonicMs() - startMs >= deadlineMs)
        throw refused ?? error;
    }
    await delay(clock, busyPauseMs);
  }
}

const inTransaction: unique symbol = Symbol("in a transaction");

function openTransaction(): CacheUnavailableError {
  return new CacheUnavailableError(
    "A transaction is open on this SQLite connection, and its ROLLBACK would undo what Lingpai writes. " +
      "Give Lingpai a connection of its own: new DatabaseSync(file).",
    { reason: "timeout" },
  );
}

type Run = (
  statement: string,
  values: readonly SqliteValue[],
) => readonly Row[] | typeof inTransaction;

/**
 * Runs in one turn of the event loop, so that no transaction can begin between the check for one
 * and the statement.
 */
function runnerOn(source: SqliteSource): Run {
  const prepared = new WeakMap<
    SqliteConnection,
    Map<string, ReturnType<SqliteConnection["prepare"]>>
  >();
  return (statement, values) => {
    const connection = source.connection();
    if (connection.isInTransaction()) return inTransaction;
    return connection.withShortWait(() => {
      const statements = prepared.get(connection) ?? prepare(connection);
      prepared.set(connection, statements);
      const known = statements.get(statement) ?? connection.prepare(numbered(statement));
      statements.set(statement, known);
      return known(values);
    });
  };
}

/** SQLite numbers `?1`, and reads `$1` as a name. */
function numbered(statement: string): string {
  return statement.replace(/\$(\d)/g, "?$1");
}

/**
 * WAL is a property of the file, which the first process sets permanently. That needs exclusive
 * access, so a second process tries again.
 */
function prepare(
  connection: SqliteConnection,
): Map<string, ReturnType<SqliteConnection["prepare"]>> {
  try {
    connection.prepare("PRAGMA journal_mode = WAL")([]);
    for (const statement of tables) connection.exec(statement);
  } catch (error) {
    // A reader without the right to write can read if the tables exist.
    if (resultName(error) !== "SQLITE_READONLY") throw error;
  }
  return new Map();
}

/**
 * The name of the primary result: the low byte of node:sqlite's `errcode`, the first words of
 * better-sqlite3's `code` (`SQLITE_BUSY_SNAPSHOT`).
 */
function resultName(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("errcode" in error) return resultNames.get(Number(error.errcode) & 0xff) ?? "";
  return ("code" in error && /^SQLITE_[A-Z]+/.exec(String(error.code))?.[0]) || "";
}

const resultNames: ReadonlyMap<number, string> = new Map([
  [5, "SQLITE_BUSY"],
  [6, "SQLITE_LOCKED"],
  [8, "SQLITE_READONLY"],
  [10, "SQLITE_IOERR"],
  [11, "SQLITE_CORRUPT"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
  [23, "SQLITE_AUTH"],
  [26, "SQLITE_NOTADB"],
]);

const reasons: ReadonlyMap<string, CacheUnavailableReason> = new Map<
  string,
  CacheUnavailableReason
>([
  ["SQLITE_BUSY", "timeout"],
  ["SQLITE_LOCKED", "timeout"],
  ["SQLITE_READONLY", "readonly"],
  ["SQLITE_FULL", "out-of-memory"],
  ["SQLITE_CANTOPEN", "disconnected"],
  ["SQLITE_AUTH", "forbidden"],
  ["SQLITE_IOERR", "other"],
  ["SQLITE_CORRUPT", "other"],
  ["SQLITE_NOTADB", "other"],
]);

const remedies: Remedies = {
  readonly:
    "Open the file for writing, and check the rights of this process on it and on its directory.",
  disconnected: "Check that the file's directory is there, and that this process may write in it.",
  other:
    "The file or its disk is damaged, or it is no SQLite database: restore it from a copy, or name another file.",
};
