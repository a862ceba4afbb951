/**
 * Operations while a database is unreachable. The clauses that break connections only speak Redis's
 * protocol.
 */
import KeyvMemcache from "@keyv/memcache";
import { systemClock } from "@lingpai/core";
import type { Cache, Lock } from "@lingpai/core";
import { etcd, mariadb, memcached, openLink, postgres, until } from "@lingpai/test-servers";
import type { Database, Link } from "@lingpai/test-servers";
import { Etcd3 } from "etcd3";
import Keyv from "keyv";
import mysql from "mysql2";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keyvCache, keyvLock } from "./index.ts";

interface Connected {
  readonly native: object;
  /** Makes a connection of the pool and leaves it idle. */
  warm?(): Promise<unknown>;
  close(): unknown;
}

interface Case {
  readonly name: string;
  /** True if stored data survives a restart. */
  readonly keeps: boolean;
  start(): Promise<Database>;
  connect(server: Pick<Database, "url">): Connected;
}

const cases: readonly Case[] = [
  {
    name: "PostgreSQL",
    keeps: true,
    start: postgres,
    connect({ url }) {
      const native = new pg.Pool({ connectionString: url });
      return { native, warm: () => native.query("SELECT 1"), close: () => native.end() };
    },
  },
  {
    name: "MariaDB",
    keeps: true,
    start: mariadb,
    connect({ url }) {
      const native = mysql.createPool(url);
      return {
        native,
        warm: () => native.promise().query("SELECT 1"),
        close: () => native.promise().end(),
      };
    },
  },
  {
    name: "etcd",
    keeps: true,
    start: etcd,
    connect({ url }) {
      const native = new Etcd3({ hosts: url });
      return { native, close: () => native.close() };
    },
  },
  {
    name: "memcached",
    keeps: false,
    start: memcached,
    connect({ url }) {
      const { client } = new KeyvMemcache(url, { logger: { log: () => {} } });
      return { native: client, close: () => client.close() };
    },
  },
];

const deadlineMs = 300;
const token = "the token itself";

describe.each(cases)("$name", ({ start, connect, keeps }) => {
  let server: Database;
  let connection: Connected;
  let cache: Cache;
  let lock: Lock;

  beforeAll(async () => {
    server = await start();
    connection = connect(server);
    const { native } = connection;
    cache = keyvCache(new Keyv(), { native, deadlineMs }).withPrefix("prod");
    lock = keyvLock(new Keyv(), { native, deadlineMs, guarantee: "advisory" }).withPrefix("prod");
    await until(
      "the first operations succeed",
      async () =>
        (await cache.set("wx1", token)).written && (await lock.release("wx1", "nobody")) === false,
    );
  });

  afterAll(async () => {
    await cache.close();
    await connection.close();
    await server.stop();
  });

  const operations = (): Promise<unknown>[] => [
    cache.get("wx1"),
    cache.set("wx1", token),
    cache.set("wx1", token, { ifVersion: "absent" }),
    cache.delete("wx2"),
    lock.tryAcquire("wx2", "owner", 1000),
    lock.extend("wx2", "owner", 1000),
    lock.release("wx2", "owner"),
  ];

  test("a server that stops answering is unavailable to every operation within the deadline, and available when it answers again", async () => {
    server.freeze();
    const startMs = systemClock.monotonicMs();
    const outcomes = await Promise.allSettled(operations());
    const tookMs = systemClock.monotonicMs() - startMs;
    server.thaw();

    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "CACHE_UNAVAILABLE", retryable: true },
      });
      expect(String(outcome.status === "rejected" && outcome.reason.stack)).not.toContain(token);
    }
    // Leaves room for a machine that is four times slower.
    expect(tookMs).toBeLessThan(deadlineMs * 4);
    await until("it answers again", async () => (await cache.get("wx1"))?.value === token);
  });

  test("the same client continues after a restart of the server, and fences still rise", async () => {
    await until(
      "the lock is free",
      async () => (await lock.tryAcquire("wx3", "before", 1000)).acquired,
    );
    const before = await lock.tryAcquire("wx3", "before", 1000);
    await lock.release("wx3", "before");
    await cache.set("wx3", token);
    await server.restart();

    const after = await until("it answers again", async () => {
      const granted = await lock.tryAcquire("wx3", "after", 1000);
      return granted.acquired && granted;
    });
    expect(after.fence).toBeGreaterThan(before.acquired ? before.fence : Infinity);
    expect((await cache.get("wx3"))?.value).toBe(keeps ? token : undefined);
  });
});

describe.each(cases.filter(({ name }) => ["PostgreSQL", "MariaDB"].includes(name)))(
  "$name at first use",
  ({ start, connect }) => {
    let server: Database;
    let link: Link;
    let connection: Connected;
    let cache: Cache;

    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    beforeEach(async () => {
      link = await openLink(server, "chunks");
      connection = connect({ url: server.url.replace(`:${server.port}`, `:${link.port}`) });
      cache = keyvCache(new Keyv(), { native: connection.native, deadlineMs }).withPrefix("prod");
    });

    afterEach(async () => {
      await cache.close();
      // A connection that died without a FIN never ends by itself. The link is closed before the
      // client that waits for it, which may then report an error.
      await link.close();
      await Promise.allSettled([connection.close()]);
    });

    const unavailable = { code: "CACHE_UNAVAILABLE", reason: "timeout", retryable: true };
    const worksAgain = (): Promise<unknown> =>
      until("it works", async () => (await cache.set("wx1", token)).written);

    test("a dead pool connection is replaced by a new one", async () => {
      await connection.warm?.();
      await link.strand();
      await expect(cache.get("wx1")).rejects.toMatchObject(unavailable);
      await worksAgain();
    });

    test("a connection that dies while it is being opened is replaced by a new one", async () => {
      await link.freeze();
      await expect(cache.get("wx1")).rejects.toMatchObject(unavailable);
      await link.strand();
      await link.heal();
      await worksAgain();
    });
  },
);

test("PostgreSQL: a watcher is told to read everything again after its connection was lost, and receives changes from then on", async () => {
  const server = await postgres();
  const native = new pg.Pool({ connectionString: server.url });
  const cache = keyvCache(new Keyv(), { native, deadlineMs }).withPrefix("prod");
  const told: (string | undefined)[] = [];
  await until("the watch begins", async () =>
    cache.watch?.((key) => told.push(key)).then(() => true),
  );

  await server.restart();
  await until("the watcher is told to read everything again", async () => told.includes(undefined));
  await until("a write succeeds", async () => (await cache.set("wx1", token)).written);
  await expect.poll(() => told).toContain("wx1");

  await cache.close();
  await native.end();
  await server.stop();
});
