import { expect, test } from "vitest";
import type { MysqlRun } from "./dialect.ts";
import { mysqlEntries } from "./entries.ts";

const duplicate = Object.assign(new Error("duplicate"), { code: "ER_DUP_ENTRY" });

/**
 * A row that exists for the first inserts and never matches an update. `version` is the result of a
 * read.
 */
function run(insertsRefused: number, version: string | null): MysqlRun & { inserts: number } {
  return {
    inserts: 0,
    rows: () => Promise.resolve([{ now: 1, version }]),
    affected(statement) {
      if (!statement.startsWith("INSERT")) return Promise.resolve(0);
      this.inserts += 1;
      return this.inserts <= insertsRefused ? Promise.reject(duplicate) : Promise.resolve(1);
    },
  };
}

const write = { version: "v1", ttlMs: 100, ifVersion: "absent" } as const;

test('an expired row that is removed between INSERT and UPDATE does not prevent a write with the condition "absent"', async () => {
  const database = run(1, null);
  expect(await mysqlEntries(database).set("key", "value", write)).toMatchObject({ written: true });
  expect(database.inserts).toBe(2);
});

test('a live row prevents a write with the condition "absent" at the first try', async () => {
  const database = run(9, "v0");
  expect(await mysqlEntries(database).set("key", "value", write)).toEqual({
    written: false,
    version: "v0",
    storeNowMs: 1,
  });
  expect(database.inserts).toBe(1);
});

test("a row that repeatedly appears and disappears ends as a conflict", async () => {
  const database = run(9, null);
  expect(await mysqlEntries(database).set("key", "value", write)).toMatchObject({ written: false });
  expect(database.inserts).toBe(3);
});
