/** The known connections to a SQLite database, each with the same few members. */
import { isAbsolute, resolve } from "node:path";
import { ConfigurationError } from "@lingpai/core";
import type { Row } from "../statements/database.ts";

/** The used members of a `DatabaseSync` of node:sqlite. */
export interface NodeSqliteDatabase {
  prepare(statement: string): { all(...values: SqliteValue[]): unknown[] };
  exec(statements: string): void;
  open(): void;
  close(): void;
  /** From Node 22.16. */
  readonly isTransaction?: boolean;
}

/** The used members of a `Database` of better-sqlite3. */
export interface BetterSqliteDatabase {
  prepare(statement: string): { all(values: Readonly<Record<string, SqliteValue>>): unknown[] };
  exec(statements: string): unknown;
  pragma(source: string): unknown;
  close(): unknown;
  readonly open: boolean;
  readonly inTransaction: boolean;
}

export type SqliteDatabase = NodeSqliteDatabase | BetterSqliteDatabase;

export type SqliteValue = string | number | null;

/** An open connection of either library. */
export interface SqliteConnection {
  /** Runs a statement that returns rows, with values for `?1`, `?2`, …. */
  prepare(statement: string): (values: readonly SqliteValue[]) => readonly Row[];
  /** Runs statements that return nothing. */
  exec(statements: string): void;
  /** True while its owner has a transaction open on it. Never true for a connection of our own. */
  isInTransaction(): boolean;
  /** Runs statements with {@link busyTimeoutMs} as the connection's timeout. */
  withShortWait<T>(run: () => T): T;
}

/**
 * How long one attempt waits for another process's write, in ms. It is short, because it blocks the
 * event loop.
 */
const busyTimeoutMs = 50;

/** The source of a driver's connection. */
export interface SqliteSource {
  /** True for node:sqlite. */
  readonly isNodes: boolean;
  /** Opens the connection on first use, and again after it was closed. */
  connection(): SqliteConnection;
  /** Closes the connection if it is our own. */
  close(): void;
}

/** A connection that the caller passed and closes. */
export function borrowedSource(database: SqliteDatabase): SqliteSource {
  const connection = connectionTo(database);
  return {
    isNodes: "open" in database && typeof database.open === "function",
    connection: () => connection,
    close: () => {},
  };
}

/**
 * A connection of our own to this file, by node:sqlite.
 *
 * @throws {ConfigurationError} `CONFIGURATION` (`node-version`) when this Node has no node:sqlite.
 */
export function fileSource(file: string): SqliteSource {
  const { DatabaseSync } = process.getBuiltinModule?.("node:sqlite") ?? {};
  if (DatabaseSync === undefined)
    throw new ConfigurationError(
      `Node ${process.version} has no node:sqlite. Use Node 22.13 or newer, or pass a Database of better-sqlite3.`,
      { rule: "node-version" },
    );
  // The working directory may change before the file is opened again.
  const path = isAbsolute(file) || file.startsWith("file:") ? file : resolve(file);
  let current:
    | { readonly database: NodeSqliteDatabase; readonly connection: SqliteConnection }
    | undefined;
  return {
    isNodes: true,
    connection() {
      if (current === undefined) {
        const database = new DatabaseSync(path);
        current = { database, connection: ours(connectionTo(database)) };
      }
      return current.connection;
    },
    close() {
      current?.database.close();
      current = undefined;
    },
  };
}

/** Recognises a database of node:sqlite or better-sqlite3 by its members. */
export function isSqliteDatabase(client: unknown): client is SqliteDatabase {
  if (typeof client !== "object" || client === null) return false;
  const members = client as Readonly<Record<string, unknown>>;
  const areMethods = (...names: readonly string[]): boolean =>
    names.every((name) => typeof members[name] === "function");
  // `open` is a method of node:sqlite's, and a state of better-sqlite3's and sqlite3's; sqlite3 has
  // no pragma().
  return areMethods("prepare", "exec", "close") && (areMethods("open") || areMethods("pragma"));
}

/**
 * True if the database is in memory, and so limited to its one connection.
 *
 * @throws {ConfigurationError} `CONFIGURATION` (`client`) if the database is not open.
 */
export function isInMemory(database: SqliteDatabase): boolean {
  try {
    const [main] = connectionTo(database).prepare("PRAGMA database_list")([]);
    return !main?.["file"];
  } catch {
    throw new ConfigurationError(
      "The SQLite database is not open. Open it first: new DatabaseSync(file).",
      { rule: "client" },
    );
  }
}

function connectionTo(database: SqliteDatabase): SqliteConnection {
  return borrowed("pragma" in database ? betterSqlite(database) : nodeSqlite(database));
}

/** This connection is our own, so it keeps our timeout, and has no transactions of others. */
function ours(connection: SqliteConnection): SqliteConnection {
  setBusyTimeout(connection, busyTimeoutMs);
  return { ...connection, isInTransaction: () => false, withShortWait: (run) => run() };
}

/**
 * The connection's timeout is its owner's choice, for example 5 s. Ours applies only while a
 * statement of ours runs.
 */
function borrowed(connection: Omit<SqliteConnection, "withShortWait">): SqliteConnection {
  return {
    ...connection,
    withShortWait(run) {
      const [own] = connection.prepare("PRAGMA busy_timeout")([]);
      setBusyTimeout(connection, busyTimeoutMs);
      try {
        return run();
      } finally {
        setBusyTimeout(connection, Number(own?.["timeout"]));
      }
    },
  };
}

/**
 * Prepared again each time, because this pragma takes effect when it is prepared, not when it runs.
 */
function setBusyTimeout({ prepare }: Pick<SqliteConnection, "prepare">, ms: number): void {
  prepare(`PRAGMA busy_timeout = ${ms}`)([]);
}

function nodeSqlite(database: NodeSqliteDatabase): Omit<SqliteConnection, "withShortWait"> {
  return {
    prepare(text) {
      const statement = database.prepare(text);
      return (values) => statement.all(...values) as Row[];
    },
    exec: (statements) => database.exec(statements),
    isInTransaction: () => database.isTransaction ?? refusesToBegin(database),
  };
}

/** Before Node 22.16 the connection does not report it. */
function refusesToBegin(database: NodeSqliteDatabase): boolean {
  try {
    database.exec("BEGIN");
  } catch {
    return true;
  }
  database.exec("COMMIT");
  return false;
}

function betterSqlite(database: BetterSqliteDatabase): Omit<SqliteConnection, "withShortWait"> {
  return {
    prepare(text) {
      const statement = database.prepare(text);
      // It reads `?1` as a parameter of the name `1`.
      return (values) =>
        statement.all(Object.fromEntries(values.map((value, at) => [at + 1, value]))) as Row[];
    },
    exec: (statements) => void database.exec(statements),
    isInTransaction: () => database.inTransaction,
  };
}
