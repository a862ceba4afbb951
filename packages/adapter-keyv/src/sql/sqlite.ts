/**
 * SQLite, through a connection of node:sqlite or better-sqlite3, or through the file of
 * `@keyv/sqlite`.
 */
import { LockUnsupportedError } from "@lingpai/core";
import { isInMemory, isSqliteDatabase, sqliteDrivers, sqliteFileDrivers } from "@lingpai/sql";
import type { SqlDrivers } from "@lingpai/sql";
import { has } from "../store/shape.ts";
import type { AtomicStore, StoreFamily, StoreScope } from "../store/store.ts";

/**
 * The member of `@keyv/sqlite` 6's store that is used: its file. Lingpai opens a connection of its
 * own on it.
 */
interface SqliteAdapter {
  query(statement: string, ...values: unknown[]): Promise<unknown>;
  close(): Promise<void>;
  readonly db: string;
  /** The user's choice. If it is undefined, node:sqlite is used where it exists. */
  readonly driver: unknown;
}

export const sqlite: StoreFamily = {
  ofClient: (client, settings) =>
    isSqliteDatabase(client)
      ? storeOf(isInMemory(client) ? "process" : "host", sqliteDrivers(client, settings))
      : undefined,
  ofAdapter(adapter, settings) {
    if (
      !has<SqliteAdapter>(adapter, "query", "close") ||
      typeof adapter.db !== "string" ||
      !("driver" in adapter)
    )
      return undefined;
    if (["", ":memory:"].includes(adapter.db)) return undefined;
    requireSameLibrary(adapter);
    return storeOf("host", sqliteFileDrivers(adapter.db, settings));
  },
};

/**
 * Two copies of SQLite in one process do not see each other's locks on a file, so both would write
 * at once (seen with better-sqlite3 13 beside node:sqlite of Node 24, 2026-11).
 */
function requireSameLibrary({ driver }: SqliteAdapter): void {
  if (driver === undefined || driver === "node:sqlite") return;
  throw new LockUnsupportedError(
    "This @keyv/sqlite does not use node:sqlite, and two SQLite libraries in one process do not exclude each other on one file. " +
      "Leave out its driver, or give Lingpai a connection of the same library as { native }, or a file of its own.",
  );
}

function storeOf(scope: StoreScope, drivers: SqlDrivers): AtomicStore {
  return { kind: "sqlite", facts: { scope, fencing: true, clock: "server" }, ...drivers };
}
