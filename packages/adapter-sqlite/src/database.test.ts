import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import BetterSqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { sqliteStore } from "./index.ts";
import type { SqliteDatabase } from "./index.ts";

const refusal = (database: unknown): unknown => {
  try {
    return sqliteStore(database as string | SqliteDatabase);
  } catch (error) {
    return error;
  }
};

test.each(["", ":memory:", "file:tokens?mode=memory&cache=shared"])(
  "the path %j, which no other process could open, is refused",
  (path) => {
    expect(refusal(path)).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining("in memory"),
    });
  },
);

test.each([
  ["node:sqlite", () => new DatabaseSync(":memory:")],
  ["better-sqlite3", () => new BetterSqlite(":memory:")],
])("a database in memory of %s is refused, and so is a closed one", (_, open) => {
  const database = open();
  expect(refusal(database)).toMatchObject({
    code: "CONFIGURATION",
    message: expect.stringContaining("memoryStore()"),
  });
  database.close();
  expect(refusal(database)).toMatchObject({
    code: "CONFIGURATION",
    message: expect.stringContaining("not open"),
  });
});

test("an object that is no database is refused, and the error says what to pass", () => {
  /** A database of sqlite3, which is asynchronous. */
  const sqlite3 = { prepare() {}, exec() {}, close() {}, open: true };
  for (const other of [undefined, 42, {}, sqlite3, DatabaseSync])
    expect(refusal(other)).toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining("a Database of better-sqlite3"),
    });
});

test("a file that is no database is named so, with what to do", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lingpai-sqlite-"));
  const file = join(directory, "notes.txt");
  writeFileSync(file, "no database at all\n".repeat(100));
  const { cache } = sqliteStore(file);
  await expect(cache.get("x")).rejects.toThrow(/SQLITE_NOTADB.*restore it from a copy/);
  await cache.close();
  rmSync(directory, { recursive: true, force: true });
});
