import { keysOf } from "@lingpai/redis-fixture";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import * as client6 from "@redis/client";
import * as client5 from "redis-client5";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { nodeRedisCache, nodeRedisLock } from "./index.ts";
import type { NodeRedisClient } from "./index.ts";

const within = { deadlineMs: 5_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => void (await server.command("FLUSHALL")));
afterAll(() => server.stop());

/** How either version's client is made and ended, whatever its options. */
interface Library {
  createClient(options: object): NodeRedisClient & {
    connect(): Promise<unknown>;
    destroy(): unknown;
    on(event: "error", listener: () => void): unknown;
  };
}

async function connect({ createClient }: Library, options: object): Promise<NodeRedisClient> {
  const client = createClient({ socket: { host: server.host, port: server.port }, ...options });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => void client.destroy());
  return client;
}

test("keyPrefix of version 6 goes before every name once, is not listed, and bounds clear()", async () => {
  const client = await connect(client6, { keyPrefix: "a*[x]{y}:" });
  const cache = nodeRedisCache(client, within).withPrefix("prod");
  const lock = nodeRedisLock(client, within).withPrefix("prod");
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

describe.each([
  ["5", client5],
  ["6", client6],
])("the options of @redis/client %s", (_, library: Library & { RESP_TYPES: typeof client6.RESP_TYPES }) => {
  const { BLOB_STRING, NUMBER } = library.RESP_TYPES;

  test.each([
    ["a mapping of replies to Buffer and string", { commandOptions: { typeMapping: { [BLOB_STRING]: Buffer, [NUMBER]: String } } }],
    ["RESP 3", { RESP: 3 }],
    ["RESP 2", { RESP: 2 }],
    ["no offline queue", { disableOfflineQueue: true }],
    ["another database", { database: 3 }],
    ["a queue limit", { commandsQueueMaxLength: 100 }],
  ])("%s does not disturb", async (_title, options) => {
    const client = await connect(library, options);
    const cache = nodeRedisCache(client, within).withPrefix("prod");
    const lock = nodeRedisLock(client, within).withPrefix("prod");
    const told: unknown[] = [];
    await cache.watch!((key) => told.push(key));
    expect(await cache.set("key", "value", { ttlMs: 60_000, ifVersion: "absent" })).toMatchObject({
      written: true,
      storeNowMs: expect.any(Number),
    });
    expect(await cache.get("key")).toMatchObject({ value: "value", ttlMs: expect.any(Number), storeNowMs: expect.any(Number) });
    expect(await lock.tryAcquire("key", "me", 60_000)).toMatchObject({ acquired: true, fence: expect.any(Number) });
    expect(await lock.tryAcquire("key", "other", 60_000)).toMatchObject({ acquired: false, remainingMs: expect.any(Number) });
    expect(await lock.release("key", "me")).toBe(true);
    expect(await cache.clear()).toBe(1);
    await expect.poll(() => told).toEqual(["key", "key"]);
  });
});
