/** SQLite, by a connection of node:sqlite or better-sqlite3, or by the file of `@keyv/sqlite`. */
import { isInMemory, isSqliteDatabase, sqliteDrivers, sqliteFileDrivers } from "@lingpai/sql";
import type { SqlDrivers } from "@lingpai/sql";
import { has } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreScope } from "../store/store.ts";

/**
 * What is used of the store of `@keyv/sqlite` 6: its file. Whatever driver it has, a connection of
 * our own is opened on that.
 */
interface SqliteAdapter {
  query(statement: string, ...values: unknown[]): Promise<unknown>;
  close(): Promise<void>;
  readonly db: string;
}

export const sqlite: StoreFamily = {
  ofClient: (client, settings) =>
    isSqliteDatabase(client)
      ? storeOf(isInMemory(client) ? "process" : "host", sqliteDrivers(client, settings))
      : undefined,
  ofAdapter(adapter, settings) {
    if (!has<SqliteAdapter>(adapter, "query", "close") || typeof adapter.db !== "string")
      return undefined;
    return ["", ":memory:"].includes(adapter.db)
      ? undefined
      : storeOf("host", sqliteFileDrivers(adapter.db, settings));
  },
};

function storeOf(scope: StoreScope, drivers: SqlDrivers): AtomicStore {
  return { kind: "sqlite", facts: { scope, fencing: true, clock: "server" }, ...drivers };
}
