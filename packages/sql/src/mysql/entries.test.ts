import { expect, test } from "vitest";
import type { MysqlRun } from "./dialect.ts";
import { mysqlEntries } from "./entries.ts";

const duplicate = Object.assign(new Error("duplicate"), { code: "ER_DUP_ENTRY" });

/**
 * A row that is there for the first inserts and never matches an update; `version` is what a
 * reading finds.
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

test("an expired row that is removed between INSERT and UPDATE does not refuse a write of what is absent", async () => {
  const database = run(1, null);
  expect(await mysqlEntries(database).set("key", "value", write)).toMatchObject({ written: true });
  expect(database.inserts).toBe(2);
});

test("a live row refuses a write of what must be absent, at the first try", async () => {
  const database = run(9, "v0");
  expect(await mysqlEntries(database).set("key", "value", write)).toEqual({
    written: false,
    version: "v0",
    storeNowMs: 1,
  });
  expect(database.inserts).toBe(1);
});

test("a row that comes and goes all the time ends as a conflict", async () => {
  const database = run(9, null);
  expect(await mysqlEntries(database).set("key", "value", write)).toMatchObject({ written: false });
  expect(database.inserts).toBe(3);
});
