import { keysOf } from "@lingpai/redis-fixture";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ioredisCache, ioredisLock } from "./index.ts";
import type { IoredisClient } from "./index.ts";

const within = { deadlineMs: 5_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => void (await server.command("FLUSHALL")));
afterAll(() => server.stop());

/** How either version's client is made and ended, whatever its options. */
type Library = new (options: object) => IoredisClient & { connect(): Promise<void>; disconnect(): void };

describe.each([
  ["5", ioredis5.Redis],
  ["6", ioredis6.Redis],
])("the options of ioredis %s", (_, Redis: Library) => {
  const connect = (options: object): InstanceType<Library> => {
    const client = new Redis({ host: server.host, port: server.port, ...options });
    onTestFinished(() => client.disconnect());
    return client;
  };

  test("keyPrefix goes before every name once, is not listed, and bounds clear()", async () => {
    const client = connect({ keyPrefix: "a*[x]{y}:" });
    const cache = ioredisCache(client, within).withPrefix("prod");
    const lock = ioredisLock(client, within).withPrefix("prod");
    await server.command("SET", "prod:{theirs}", "foreign");
    await server.command("SET", "abx{y}:prod:{theirs}", "foreign");
    const told: unknown[] = [];
    await cache.watch!((key) => told.push(key));
    await cache.set("key", "value");
    await lock.tryAcquire("key", "me", 60_000);
    expect(await keysOf(cache)).toEqual(["key"]);
    let released = 0;
    await lock.onRelease!("key", () => released++);
    await lock.release("key", "me");
    expect(await cache.clear()).toBe(1);
    expect(((await server.command("KEYS", "*")) as string[]).toSorted()).toEqual([
      "a*[x]{y}:prod:{key}::fence",
      "abx{y}:prod:{theirs}",
      "prod:{theirs}",
    ]);
    await expect.poll(() => [told, released]).toEqual([["key", "key"], 1]);
  });

  test.each([
    { enableAutoPipelining: true },
    { stringNumbers: true },
    { enableOfflineQueue: false, lazyConnect: true },
    { autoResubscribe: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: null },
    { db: 3 },
    { protocol: 3 },
    { protocol: 3, replyMapping: "resp3" },
  ])("%j does not disturb", async (options) => {
    const client = connect(options);
    if ("lazyConnect" in options) await client.connect();
    const cache = ioredisCache(client, within).withPrefix("prod");
    const lock = ioredisLock(client, within).withPrefix("prod");
    const told: unknown[] = [];
    await cache.watch!((key) => told.push(key));
    expect(await cache.set("key", "value", { ttlMs: 60_000, ifVersion: "absent" })).toMatchObject({
      written: true,
      storeNowMs: expect.any(Number),
    });
    const entry = await cache.get("key");
    expect(entry).toMatchObject({ value: "value", ttlMs: expect.any(Number), storeNowMs: expect.any(Number) });
    expect(await lock.tryAcquire("key", "me", 60_000)).toMatchObject({ acquired: true, fence: expect.any(Number) });
    expect(await lock.tryAcquire("key", "other", 60_000)).toMatchObject({ acquired: false, remainingMs: expect.any(Number) });
    expect(await lock.release("key", "me")).toBe(true);
    expect(await cache.clear()).toBe(1);
    await expect.poll(() => told).toEqual(["key", "key"]);
  });
});
