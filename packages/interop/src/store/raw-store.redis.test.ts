/** How both clients treat absent keys, keys without expiry, and conditional writes. */
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ioredisRawStore, nodeRedisRawStore } from "./raw-store.ts";
import type { RawStore } from "./raw-store.ts";

let server: Standalone;
let redis: Redis;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await standalone();
  redis = new Redis(server.url);
  client = createClient({ url: server.url });
  await client.connect();
});

afterAll(async () => {
  redis.disconnect();
  await client.close();
  await server.stop();
});

const stores: readonly (readonly [string, () => RawStore])[] = [
  ["ioredis", () => ioredisRawStore(redis)],
  ["@redis/client", () => nodeRedisRawStore(client)],
];

describe.each(stores)("a raw store on %s", (name, open) => {
  const key = `raw-store:${name}`;

  test("distinguishes an absent key, one that never expires, and one that expires", async () => {
    const store = open();
    await server.command("DEL", key);
    expect([await store.get(key), await store.remainingMs(key)]).toEqual([undefined, undefined]);
    await server.command("SET", key, "");
    expect([await store.get(key), await store.remainingMs(key)]).toEqual([
      "",
      Number.POSITIVE_INFINITY,
    ]);
    await store.set(key, "v", 60_000);
    expect(await store.get(key)).toBe("v");
    expect(await store.remainingMs(key)).toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000);
  });

  test("sets an absent key once, and removes it only for the owner", async () => {
    const store = open();
    await server.command("DEL", key);
    expect(await store.setIfAbsent(key, "mine", 60_000)).toBe(true);
    expect(await store.setIfAbsent(key, "yours", 60_000)).toBe(false);
    expect(await store.deleteIf(key, "yours")).toBe(false);
    expect(await store.get(key)).toBe("mine");
    expect(await store.deleteIf(key, "mine")).toBe(true);
    expect(await store.get(key)).toBeUndefined();
  });
});
