/**
 * MySQL 5.7, MariaDB 10.3 or newer, with a mysql2 pool that leads to the primary. Two InnoDB tables
 * of Lingpai's own are created in its database. A user without the right to create them needs them
 * created, and SELECT, INSERT, UPDATE, DELETE on both.
 *
 * Statements here return no rows, and the client's settings decide whether `affectedRows` counts
 * matched or changed rows. It is used only where both are the same, because the write always
 * changes its row. Otherwise the row is read and names its owner.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { onBorrowed, patienceMs, within } from "../connection/borrowed.ts";
import type { Borrowing, Patience } from "../connection/borrowed.ts";
import { refusal } from "../connection/refusal.ts";
import type { SqlDrivers, SqlSettings } from "../drivers.ts";
import type { Row } from "../statements/database.ts";
import { entriesTable, locksTable, once, purge } from "../statements/tables.ts";
import { isDeadlock, nowMs } from "./dialect.ts";
import type { MysqlRun } from "./dialect.ts";
import { mysqlEntries } from "./entries.ts";
import { mysqlLocks } from "./locks.ts";

/** A pool of mysql2, or its `promise()`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  promise?(): MysqlPool;
}

export interface MysqlConnection {
  query(statement: string): Promise<readonly [result: unknown, fields: unknown]>;
  release(): void;
  destroy(): void;
}

/** A foreign way to run statements, about whose connections nothing is known. */
export interface MysqlQueries {
  query(statement: string): Promise<unknown>;
}

type Query = (statement: string, patience?: Patience) => Promise<unknown>;

/** Drivers over a pool of mysql2. The owner of the pool ends it. */
export function mysqlDrivers(client: MysqlPool, settings: SqlSettings): SqlDrivers {
  const pool = client.promise?.() ?? client;
  const borrowing: Borrowing<MysqlConnection> = {
    borrow: () => pool.getConnection(),
    giveBack: (connection, isDead) => (isDead ? connection.destroy() : connection.release()),
  };
  return driversOver((statement, patience = "short") =>
    onBorrowed(
      borrowing,
      settings,
      patience,
      async (connection) => (await connection.query(statement))[0],
    ),
  );
}

/** Drivers over foreign queries. */
export function mysqlQueryDrivers(queries: MysqlQueries, settings: SqlSettings): SqlDrivers {
  return driversOver((statement, patience = "short") =>
    within(settings.clock, patienceMs(settings, patience), queries.query(statement)),
  );
}

const key = "CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL";
const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${entriesTable} (id ${key} PRIMARY KEY, scope ${key}, name VARBINARY(8192) NOT NULL, value LONGBLOB NOT NULL,
    version VARBINARY(64) NOT NULL, expires_at BIGINT, KEY ${entriesTable}_scope (scope, id)) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS ${locksTable} (id ${key} PRIMARY KEY, name VARBINARY(8192) NOT NULL, owner VARBINARY(128),
    fence BIGINT NOT NULL, expires_at BIGINT NOT NULL) ENGINE = InnoDB`,
];

function driversOver(query: Query): SqlDrivers {
  const prepared = once(() => prepare(query));
  const run: Query = async (statement, patience) => {
    try {
      await prepared();
      return await despiteDeadlocks(() => query(statement, patience));
    } catch (error) {
      throw refusal("mysql", error, reasons) ?? error;
    }
  };
  const mysqlRun: MysqlRun = {
    rows: async (statement) => (await run(statement)) as readonly Row[],
    affected: async (statement, patience) =>
      ((await run(statement, patience)) as { readonly affectedRows: number }).affectedRows,
  };
  return { cache: mysqlEntries(mysqlRun), lock: mysqlLocks(mysqlRun) };
}

const attemptsMax = 5;

/**
 * A statement that was undone to end a deadlock has done nothing, and the other one has finished.
 */
async function despiteDeadlocks<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isDeadlock(error) || attempts === attemptsMax) throw error;
    }
  }
}

async function prepare(query: Query): Promise<void> {
  const found = `SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('${entriesTable}', '${locksTable}')`;
  if (((await query(found)) as readonly Row[]).length < tables.length)
    for (const table of tables) await query(table);
  // Not awaited. The next process to start removes the rows that are left.
  purge(nowMs, async (statement) => (await query(statement, "long")) as readonly Row[]).catch(
    () => {},
  );
}

const reasons: ReadonlyMap<string, CacheUnavailableReason> = new Map<
  string,
  CacheUnavailableReason
>([
  ["ER_ACCESS_DENIED_ERROR", "unauthorized"],
  ["ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION", "readonly"],
  ["ER_DBACCESS_DENIED_ERROR", "forbidden"],
  ["ER_DISK_FULL", "out-of-memory"],
  ["ER_LOCK_DEADLOCK", "timeout"],
  ["ER_LOCK_WAIT_TIMEOUT", "timeout"],
  ["ER_OPTION_PREVENTS_STATEMENT", "readonly"],
  ["ER_READ_ONLY_MODE", "readonly"],
  ["ER_RECORD_FILE_FULL", "out-of-memory"],
  ["ER_SERVER_SHUTDOWN", "disconnected"],
  ["ER_TABLEACCESS_DENIED_ERROR", "forbidden"],
  ["PROTOCOL_CONNECTION_LOST", "disconnected"],
]);
