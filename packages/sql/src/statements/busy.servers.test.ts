/** Operations while other transactions hold rows of the same tables. */
import { delay, systemClock } from "@lingpai/core";
import { createCache } from "@lingpai/core/driver";
import type { Cache } from "@lingpai/core";
import { mariadb, postgres, until } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import mysql from "mysql2";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { SqlDrivers } from "../drivers.ts";
import { mysqlDrivers } from "../mysql/mysql.ts";
import { postgresDrivers } from "../postgres/postgres.ts";
import type { Row } from "./database.ts";
import { idOf } from "./tables.ts";

/** A separate connection, and a pool for the cache. */
interface Access {
  drivers(deadlineMs: number): SqlDrivers;
  run(statement: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

async function postgresAccess({ url }: Database): Promise<Access> {
  const native = new pg.Pool({ connectionString: url });
  const own = await native.connect();
  const close = (): Promise<void> => {
    own.release(true);
    return native.end();
  };
  return {
    drivers: (deadlineMs) => postgresDrivers(native, { clock: systemClock, deadlineMs }),
    run: async (statement) => (await own.query(statement)).rows,
    close,
  };
}

async function mariadbAccess({ url }: Database): Promise<Access> {
  const native = mysql.createPool(url);
  const own = await native.promise().getConnection();
  const close = (): Promise<void> => {
    own.destroy();
    return native.promise().end();
  };
  return {
    drivers: (deadlineMs) => mysqlDrivers(native.promise(), { clock: systemClock, deadlineMs }),
    run: async (statement) => (await own.query(statement))[0] as Row[],
    close,
  };
}

const cases = [
  { name: "PostgreSQL", start: postgres, access: postgresAccess },
  { name: "MariaDB", start: mariadb, access: mariadbAccess },
];

const expiredRow = `INSERT INTO lingpai_entries (id, scope, name, value, version, expires_at) VALUES ('expired', 'scope', 'name', 'value', 'version', 1)`;
/** Longer than an operation with the default deadline waits for its connection to answer. */
const longMs = 1500;

function prodCache({ drivers }: Access, deadlineMs: number): Cache {
  return createCache(drivers(deadlineMs).cache, { deadlineMs }).withPrefix("prod");
}

describe.each(cases)("$name", ({ start, access }) => {
  let server: Database;
  let other: Access;
  const cacheOf = (by: Access): Cache => prodCache(by, 500);

  beforeAll(async () => {
    server = await start();
    other = await access(server);
  });

  afterAll(async () => {
    await other.close();
    await server.stop();
  });

  test("a clear() that takes longer than other operations may is completed", async () => {
    const cache = cacheOf(other).withPrefix("cleared");
    await until("a write succeeds", async () => (await cache.set("wx1", "token")).written);
    await other.run("BEGIN");
    await other.run("SELECT * FROM lingpai_entries FOR UPDATE");

    const [removed] = await Promise.all([
      cache.clear(),
      delay(systemClock, longMs).then(() => other.run("COMMIT")),
    ]);

    expect(removed).toBe(1);
    expect(await cache.get("wx1")).toBeUndefined();
  });

  test("expired rows are removed at first use, and a row that cannot be removed delays nothing", async () => {
    await until(
      "the tables are there",
      async () => (await cacheOf(other).get("wx1")) === undefined,
    );
    await other.run(expiredRow);
    await other.run("BEGIN");
    await other.run("SELECT * FROM lingpai_entries WHERE id = 'expired' FOR UPDATE");
    const later = await access(server);
    await until(
      "another process's first write succeeds",
      async () => (await cacheOf(later).set("wx2", "token")).written,
    );
    await other.run("COMMIT");

    await expect
      .poll(() => other.run("SELECT id FROM lingpai_entries WHERE id = 'expired'"))
      .toEqual([]);
    await later.close();
  });
});

test("MariaDB: inserts that deadlock after the row between them was removed end with one entry and no failure", async () => {
  const server = await mariadb();
  onTestFinished(() => server.stop());
  const access = await mariadbAccess(server);
  const { run, close } = access;
  const cache = prodCache(access, 10_000);
  await cache.set("wx1", "token");
  await run("BEGIN");
  await run(`DELETE FROM lingpai_entries WHERE id = '${idOf("prod:{wx1}")}'`);

  const creations = Promise.all(
    ["a", "b", "c"].map((value) => cache.set("wx1", value, { ifVersion: "absent" })),
  );
  await until("they all wait", async () => {
    const [row] = await run("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
    return Number(row?.["Value"]) === 3;
  });
  await run("COMMIT");

  expect((await creations).filter(({ written }) => written).length).toBe(1);
  const [row] = await run("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
  expect(Number(row?.["Value"])).toBeGreaterThan(0);
  await close();
});
