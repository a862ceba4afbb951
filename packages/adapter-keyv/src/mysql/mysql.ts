/**
 * MySQL 5.7, MariaDB 10.3 or newer, with a mysql2 pool that leads to the primary. Two InnoDB tables
 * of ours are made in its database; a user who may not create tables needs somebody to have made
 * them, and SELECT, INSERT, UPDATE, DELETE on both.
 *
 * Statements here return no rows, and whether `affectedRows` counts what matched or what changed is
 * the client's setting. It is trusted only where both are the same, because the write always
 * changes its row; elsewhere the row is read and names its owner.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { tracedAmong } from "@lingpai/redis";
import { onBorrowed, patienceMs, within } from "../sql/borrowed.ts";
import type { Borrowing, Patience } from "../sql/borrowed.ts";
import { refusal } from "../store/failure.ts";
import { isDeadlock, nowMs } from "./mysql-dialect.ts";
import type { MysqlRun } from "./mysql-dialect.ts";
import { mysqlEntries } from "./mysql-entries.ts";
import { mysqlLocks } from "./mysql-locks.ts";
import { dialectOf, has, isObject } from "../store/shape.ts";
import type { Row } from "../sql/sql.ts";
import type { AtomicStore, StoreFamily } from "../store/store.ts";
import { entriesTable, locksTable, once, purge } from "../sql/tables.ts";

/** A pool of mysql2, or its `promise()`. */
interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
  promise?(): MysqlPool;
}

interface MysqlConnection {
  query(statement: string): Promise<readonly [result: unknown, fields: unknown]>;
  release(): void;
  destroy(): void;
}

/** The store of `@keyv/mysql` 2. */
interface MysqlQueries {
  query(statement: string): Promise<unknown>;
}

export const mysql: StoreFamily = {
  ofClient(client, settings) {
    if (!has<MysqlPool>(client, "getConnection")) return undefined;
    const pool = client.promise?.() ?? client;
    const borrowing: Borrowing<MysqlConnection> = {
      borrow: () => pool.getConnection(),
      giveBack: (connection, isDead) => (isDead ? connection.destroy() : connection.release()),
    };
    return mysqlStore(
      (statement, patience = "short") =>
        onBorrowed(
          borrowing,
          settings,
          patience,
          async (connection) => (await connection.query(statement))[0],
        ),
      printsPackets(client),
    );
  },
  ofAdapter(adapter, settings) {
    if (dialectOf(adapter) !== "mysql" || !has<MysqlQueries>(adapter, "query")) return undefined;
    return mysqlStore((statement, patience = "short") =>
      within(settings.clock, patienceMs(settings, patience), adapter.query(statement)),
    );
  },
};

const key = "CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL";
const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${entriesTable} (id ${key} PRIMARY KEY, scope ${key}, name VARBINARY(8192) NOT NULL, value LONGBLOB NOT NULL,
    version VARBINARY(64) NOT NULL, expires_at BIGINT, KEY ${entriesTable}_scope (scope, id)) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS ${locksTable} (id ${key} PRIMARY KEY, name VARBINARY(8192) NOT NULL, owner VARBINARY(128),
    fence BIGINT NOT NULL, expires_at BIGINT NOT NULL) ENGINE = InnoDB`,
];

type Query = (statement: string, patience?: Patience) => Promise<unknown>;

/** A pool, or its `promise()`, with the option `debug`. */
function printsPackets(client: unknown): boolean {
  if (!isObject(client)) return false;
  const { config, pool } = client;
  if (!isObject(config)) return printsPackets(pool);
  return isObject(config["connectionConfig"]) && Boolean(config["connectionConfig"]["debug"]);
}

function mysqlStore(query: Query, prints: boolean = false): AtomicStore {
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
  return {
    kind: "mysql",
    facts: { scope: "cluster", fencing: true, clock: "server" },
    cache: {
      ...mysqlEntries(mysqlRun),
      // mysql2 publishes whole statements, and prints packets when it is told to (seen in 3.24,
      // 2026-11).
      tracedOn: () => [
        ...tracedAmong(["mysql2:query", "mysql2:execute"]),
        ...(prints ? ["mysql2's debug output"] : []),
      ],
    },
    lock: mysqlLocks(mysqlRun),
  };
}

const attemptsMax = 5;

/**
 * A statement that was chosen to end a deadlock has done nothing, and the other has what it waited
 * for.
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
  // Nobody waits for it; what it could not remove, whoever starts next does.
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
