import { DatabaseSync } from "node:sqlite";
import type { Backend } from "@lingpai/conformance";
import { fileBackend } from "@lingpai/test-databases";
import type { Source } from "@lingpai/test-databases";
import BetterSqlite from "better-sqlite3";
import { sqliteCache, sqliteLock } from "./index.ts";
import type { SqliteDatabase } from "./index.ts";

/** Syncing to disk is switched off: the tests are not about the disk. */
const unsynced = "PRAGMA synchronous = OFF";

function sourceOn(database: string | SqliteDatabase, close: () => unknown): Source {
  return {
    cache: (options) => sqliteCache(database, options),
    lock: (options) => sqliteLock(database, options),
    close: async () => void close(),
  };
}

/** The connections differ in how they pass values and errors. */
const daily = { clauses: ["CACHE", "LOCK"], restBy: "node:sqlite" };

export const backends: readonly Backend[] = [
  fileBackend("adapter-sqlite", "node:sqlite", (file) => {
    const database = new DatabaseSync(file);
    database.exec(unsynced);
    return sourceOn(database, () => database.close());
  }),
  {
    ...fileBackend("adapter-sqlite", "better-sqlite3 13", (file) => {
      const database = new BetterSqlite(file);
      database.exec(unsynced);
      return sourceOn(database, () => database.close());
    }),
    daily,
  },
];
