import pg from "pg";
import { expect, test } from "vitest";
import { postgresCache, postgresLock, postgresStore } from "./index.ts";
import type { PostgresPool } from "./index.ts";
import { OldestPool } from "./oldest.fixture.ts";

const factories = [postgresCache, postgresLock, postgresStore];

test.each<readonly [string, unknown]>([
  ["nothing", undefined],
  ["an address", "postgresql://127.0.0.1/postgres"],
  ["the class", pg.Pool],
  ["options", { connectionString: "postgresql://127.0.0.1/postgres" }],
  ["a single Client", new pg.Client()],
])(
  "%s instead of a pool is refused at construction, and the error says what to pass",
  (_, pool) => {
    for (const make of factories)
      expect(() => make(pool as PostgresPool)).toThrow(
        expect.objectContaining({
          code: "CONFIGURATION",
          message: expect.stringContaining("new pg.Pool({ connectionString })"),
        }),
      );
  },
);

test("a pool with room for one connection is refused, because listening would take it", () => {
  for (const make of factories)
    expect(() => make(new pg.Pool({ max: 1 }))).toThrow(
      expect.objectContaining({
        code: "CONFIGURATION",
        message: expect.stringContaining("Set max to 2 or more"),
      }),
    );
});

test("constructing opens no connection, for the oldest pg and the newest", () => {
  for (const Pool of [OldestPool, pg.Pool]) {
    const pool = new Pool();
    for (const make of factories) make(pool);
    expect(pool.totalCount).toBe(0);
  }
});
