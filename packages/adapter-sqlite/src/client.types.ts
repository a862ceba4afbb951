/** Compiles only if the real databases have the members that the adapter calls. */
import type { DatabaseSync } from "node:sqlite";
import type BetterSqlite from "better-sqlite3";
import type { SqliteDatabase } from "./index.ts";

declare const node: DatabaseSync;
declare const better: BetterSqlite.Database;

export const databases: readonly SqliteDatabase[] = [node, better];
