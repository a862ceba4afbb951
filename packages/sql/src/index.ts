/**
 * The shared part of Lingpai's SQL adapters: the tables and their statements, each one atomic step,
 * the meaning of the databases' errors, and the use of a pool whose connections may die without a
 * FIN. An adapter only passes its user's pool or connection.
 *
 * @packageDocumentation
 */
export type { SqlDrivers, SqlSettings } from "./drivers.ts";
export { sqlCache, sqlLock, sqlStore } from "./factories.ts";
export type { MakeDrivers } from "./factories.ts";
export { mysqlDrivers, mysqlQueryDrivers } from "./mysql/mysql.ts";
export type { MysqlConnection, MysqlPool, MysqlQueries } from "./mysql/mysql.ts";
export type { PostgresConnection, PostgresPool } from "./postgres/listener.ts";
export { postgresDrivers, postgresQueryDrivers } from "./postgres/postgres.ts";
export type { PostgresQueries } from "./postgres/postgres.ts";
export { isInMemory, isSqliteDatabase } from "./sqlite/connection.ts";
export type {
  BetterSqliteDatabase,
  NodeSqliteDatabase,
  SqliteDatabase,
  SqliteValue,
} from "./sqlite/connection.ts";
export { sqliteDrivers, sqliteFileDrivers } from "./sqlite/sqlite.ts";
export type { Row as SqlRow, SqlValue } from "./statements/database.ts";
