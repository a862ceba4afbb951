/**
 * SQLite: the embedded store for several processes on one machine, on one file in WAL mode.
 *
 * The clock is the machine's, which all its processes share, so the scope is the host: never put
 * the file on a network file system, where SQLite's locks are not reliable. `:memory:` reaches as
 * far as its one connection: process scope.
 *
 * A transaction belongs to a connection, not to a caller. So nothing is read or written while the
 * owner of a connection has a transaction open on it: a ROLLBACK would undo a lease that was
 * acknowledged.
 */
import { isAbsolute, resolve } from "node:path";
import {
  CacheUnavailableError,
  ConfigurationError,
  delay,
  LockUnsupportedError,
} from "@lingpai/core";
import type { CacheUnavailableReason } from "@lingpai/core";
import { refusal } from "../store/failure.ts";
import type { Remedies } from "../store/failure.ts";
import { sqlEntries } from "../sql/sql-entries.ts";
import { sqlLocks } from "../sql/sql-locks.ts";
import type { Row, SqlStore, SqlValue } from "../sql/sql.ts";
import { has } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "../store/store.ts";
import { entriesTable, locksTable } from "../sql/tables.ts";

/** What is used of a `DatabaseSync` of node:sqlite. */
export interface SqliteDatabase {
  prepare(statement: string): { all(...values: (string | number | null)[]): unknown[] };
  exec(statements: string): void;
  open(): void;
  close(): void;
  /** From Node 22.16. */
  readonly isTransaction?: boolean;
}

/**
 * What is used of the store of `@keyv/sqlite` 6: its file. Whatever driver it has, a connection of
 * our own is opened on that.
 */
export interface SqliteAdapter {
  query(statement: string, ...values: unknown[]): Promise<unknown>;
  close(): Promise<void>;
  readonly db: string;
}

export const sqlite: StoreFamily = {
  ofClient(client, settings) {
    // `open` is a state, not a method, of the databases of better-sqlite3 and sqlite3.
    if (!has<SqliteDatabase>(client, "prepare", "exec", "open", "close")) return undefined;
    return sqliteStore({ database: () => client, close: () => {} }, isInMemory(client), settings);
  },
  ofAdapter(adapter, settings) {
    if (!has<SqliteAdapter>(adapter, "query", "close") || typeof adapter.db !== "string")
      return undefined;
    return ["", ":memory:"].includes(adapter.db)
      ? undefined
      : sqliteStore(ownConnection(adapter.db), false, settings);
  },
};

function isInMemory(database: SqliteDatabase): boolean {
  try {
    const [main] = database.prepare("PRAGMA database_list").all() as Row[];
    return !main?.["file"];
  } catch {
    throw new ConfigurationError(
      "The SQLite database is not open. Open it first: new DatabaseSync(file).",
      { rule: "client" },
    );
  }
}

/**
 * How long one attempt waits for another process's write, in ms. The event loop waits too, so it is
 * short.
 */
const busyTimeoutMs = 50;

/** And then, in ms, the event loop has its turn before the next attempt, until the deadline. */
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

interface Connection {
  database(): SqliteDatabase;
  close(): void;
}

/** Opened when it is first used, and again after it was closed. */
function ownConnection(file: string): Connection {
  const { DatabaseSync } = process.getBuiltinModule?.("node:sqlite") ?? {};
  if (DatabaseSync === undefined)
    throw new LockUnsupportedError(
      `Node ${process.version} has no node:sqlite. Use Node 22.13 or newer.`,
    );
  // The working directory may change before it is opened again.
  const path = isAbsolute(file) || file.startsWith("file:") ? file : resolve(file);
  let current: SqliteDatabase | undefined;
  return {
    database: () => (current ??= new DatabaseSync(path)),
    close() {
      current?.close();
      current = undefined;
    },
  };
}

function sqliteStore(
  connection: Connection,
  inMemory: boolean,
  settings: StoreSettings,
): AtomicStore {
  const run = runner(connection);
  const sql: SqlStore = {
    kind: "sqlite",
    nowMs,
    greatest: "max",
    run: (statement, values) => untilFree(settings, () => run(statement, values)),
    toColumn: (value) => value,
    // Read as bytes: node:sqlite of Node 22 ends a text at a NUL character.
    readableValue: "CAST(value AS BLOB)",
    fromColumn: (column) => Buffer.from(column as Uint8Array).toString(),
    told: (statement) => statement,
    toldOfRelease: (statement) => statement,
  };
  return {
    kind: "sqlite",
    facts: { scope: inMemory ? "process" : "host", fencing: true, clock: "server" },
    cache: { ...sqlEntries(sql), close: async () => connection.close() },
    lock: sqlLocks(sql),
  };
}

/**
 * A statement that found the file busy, or its connection in a transaction, has done nothing, so it
 * may be tried again.
 */
async function untilFree<T>(
  { clock, deadlineMs }: StoreSettings,
  attempt: () => T | typeof inTransaction,
): Promise<T> {
  const startMs = clock.monotonicMs();
  for (;;) {
    try {
      const result = attempt();
      if (result !== inTransaction) return result;
      // Before the caller's deadline, whose error could not say why.
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
  values: readonly SqlValue[],
) => readonly Row[] | typeof inTransaction;

/**
 * Everything in one turn of the event loop: nobody can begin a transaction between the look for one
 * and the statement.
 */
function runner(connection: Connection): Run {
  const prepared = new WeakMap<
    SqliteDatabase,
    Map<string, ReturnType<SqliteDatabase["prepare"]>>
  >();
  return (statement, values) => {
    const database = connection.database();
    if (database.isTransaction ?? refusesToBegin(database)) return inTransaction;
    return withShortWait(database, () => {
      const statements = prepared.get(database) ?? prepare(database);
      prepared.set(database, statements);
      const known = statements.get(statement) ?? database.prepare(numbered(statement));
      statements.set(statement, known);
      return known.all(...(values as (string | number | null)[])) as Row[];
    });
  };
}

/** Before Node 22.16 the connection does not say. */
function refusesToBegin(database: SqliteDatabase): boolean {
  try {
    database.exec("BEGIN");
  } catch {
    return true;
  }
  database.exec("COMMIT");
  return false;
}

/**
 * How long the connection waits is its user's business, who may well want 5 s; only while a
 * statement of ours runs it is ours.
 */
function withShortWait<T>(native: SqliteDatabase, run: () => T): T {
  // Prepared anew each time: this pragma takes effect when it is prepared, not when it runs.
  const pragma = (assignment: string): unknown[] =>
    native.prepare(`PRAGMA busy_timeout${assignment}`).all();
  const [own] = pragma("") as Row[];
  pragma(` = ${busyTimeoutMs}`);
  try {
    return run();
  } finally {
    pragma(` = ${Number(own?.["timeout"])}`);
  }
}

/** SQLite counts `?1`, and takes `$1` for a name. */
function numbered(statement: string): string {
  return statement.replace(/\$(\d)/g, "?$1");
}

/**
 * WAL is a property of the file: the first process sets it, for ever. It needs the file for itself,
 * so whoever is second tries again.
 */
function prepare(database: SqliteDatabase): Map<string, ReturnType<SqliteDatabase["prepare"]>> {
  try {
    database.prepare("PRAGMA journal_mode = WAL").all();
    for (const statement of tables) database.exec(statement);
  } catch (error) {
    // Somebody who may only read can do that, where the tables are there.
    if (resultName(error) !== "SQLITE_READONLY") throw error;
  }
  return new Map();
}

/** The primary result, which is the low byte of what node:sqlite gives as `errcode`. */
function resultName(error: unknown): string {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return "";
  return resultNames.get(Number(error.errcode) & 0xff) ?? "";
}

const resultNames: ReadonlyMap<number, string> = new Map([
  [5, "SQLITE_BUSY"],
  [6, "SQLITE_LOCKED"],
  [8, "SQLITE_READONLY"],
  [13, "SQLITE_FULL"],
  [14, "SQLITE_CANTOPEN"],
  [23, "SQLITE_AUTH"],
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
]);

const remedies: Remedies = {
  readonly:
    "Open the file for writing, and check the rights of this process on it and on its directory.",
  disconnected: "Check that the file's directory is there, and that this process may write in it.",
};
