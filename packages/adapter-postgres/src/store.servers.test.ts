import { credential, systemClock } from "@lingpai/core";
import { scriptedIssuer } from "@lingpai/core/testing";
import { postgres, until } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { postgresCache, postgresLock, postgresStore } from "./index.ts";

/** A long deadline, because these tests are not about deadlines. */
const deadlineMs = 40_000;
const seal = "5e".repeat(32);
let server: Database;

beforeAll(async () => {
  server = await postgres();
});
afterAll(() => server.stop());

function connect(user = "postgres", database = "postgres"): pg.Pool {
  const url = new URL(server.url);
  url.username = user;
  url.pathname = database;
  const pool = new pg.Pool({ connectionString: url.href });
  onTestFinished(() => pool.end());
  return pool;
}

test("a sealed store shows no token in its table, and an unsealed one does", async () => {
  const pool = connect();
  await postgresStore(pool, { deadlineMs, seal }).cache.set("sealed", "the token itself");
  await postgresStore(pool, { deadlineMs }).cache.set("open", "the token itself");

  const { rows } = await pool.query(
    "SELECT name FROM lingpai_entries WHERE position('the token itself'::bytea IN value) > 0",
  );
  expect(rows).toEqual([{ name: "{open}" }]);
});

test("two nodes get one credential by one fetch, and share the stored credential", async () => {
  const issuer = scriptedIssuer({ clock: systemClock, latencyMs: 50, id: "test:plain:wx1" });
  const nodes = [connect(), connect()].map((pool) =>
    credential({ issuer, store: postgresStore(pool, { seal }), environment: "production" }),
  );
  // A first connection may take longer than the deadline of one operation.
  await until("the tables are there", () =>
    Promise.all(nodes.map((node) => node.get())).then(() => true),
  );
  const secrets = await Promise.all(nodes.map((node) => node.get()));
  await Promise.all(nodes.map((node) => node.close()));

  expect(new Set(secrets.map((secret) => secret.reveal())).size).toBe(1);
  expect(issuer.issues.length).toBe(1);
});

test("all listeners over one pool share one connection, which is returned after the last listener has gone", async () => {
  const pool = connect();
  const cache = postgresCache(pool, { deadlineMs }).withPrefix("prod");
  const lock = postgresLock(pool, { deadlineMs }).withPrefix("prod");
  const changed: (string | undefined)[] = [];
  const released: string[] = [];
  const unsubscribes = [
    await cache.watch?.((key) => changed.push(key)),
    await postgresCache(pool, { deadlineMs }).watch?.(() => {}),
    await lock.onRelease?.("wx1", () => released.push("wx1")),
  ];
  const listening = (): Promise<number> =>
    pool
      .query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")
      .then(({ rows }) => Number(rows[0]?.n));

  expect(await listening()).toBe(1);
  await cache.set("wx1", "token");
  await lock.tryAcquire("wx1", "me", 60_000);
  await lock.release("wx1", "me");
  await expect.poll(() => [changed, released]).toEqual([["wx1"], ["wx1"]]);
  for (const unsubscribe of unsubscribes) await unsubscribe?.();
  await expect.poll(listening).toBe(0);
});

test("a user with the rights that the README lists needs no more once the tables exist, and is refused before", async () => {
  const owner = connect();
  await owner.query("CREATE DATABASE shared");
  await owner.query("CREATE ROLE app LOGIN");
  const admin = connect("postgres", "shared");
  await admin.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const user = connect("app", "shared");
  const store = postgresStore(user, { deadlineMs, seal });

  await expect(store.cache.get("wx1")).rejects.toMatchObject({
    code: "CACHE_UNAVAILABLE",
    reason: "forbidden",
    retryable: false,
  });
  await postgresCache(admin, { deadlineMs }).get("wx1");
  await admin.query(
    "GRANT SELECT, INSERT, UPDATE, DELETE ON lingpai_entries, lingpai_locks TO app",
  );

  const changed: (string | undefined)[] = [];
  await store.cache.watch?.((key) => changed.push(key));
  expect((await store.cache.set("wx1", "token", { ifVersion: "absent" })).written).toBe(true);
  expect(await store.lock.tryAcquire("wx1", "me", 60_000)).toMatchObject({ acquired: true });
  expect(await store.lock.release("wx1", "me")).toBe(true);
  expect(await store.cache.clear()).toBe(1);
  await expect.poll(() => changed).toContain("wx1");
  await store.cache.close();
});

test("pool.end() does not wait for the connection that listens", async () => {
  const pool = new pg.Pool({ connectionString: server.url });
  await postgresCache(pool, { deadlineMs }).watch!(() => {});
  await postgresLock(pool, { deadlineMs }).onRelease!("name", () => {});
  await pool.end();
  expect(pool.totalCount).toBe(0);
});
