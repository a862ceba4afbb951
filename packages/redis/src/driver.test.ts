import { delay } from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
import type { RedisPort } from "./port.ts";
import { probeRedis } from "./probe.ts";
import { createRedisStore } from "./store.ts";

test("keys() has the deadline for each step of its scan, however many find nothing", async () => {
  const clock = manualClock();
  const pages = [[], [], ["prod:{wx1}"], [], ["prod:{wx2}", "prod:{wx1}"], []];
  const scan = async (cursor: number): Promise<unknown> => {
    await delay(clock, 400);
    return [String((cursor + 1) % pages.length), pages[cursor]];
  };
  const port: RedisPort = {
    kind: "a scan of six steps",
    traceChannels: [],
    isCluster: false,
    evalsha: async (_script, [key]) => key,
    eval: () => Promise.reject(new Error("not asked for")),
    primaries: () => [{ command: (_scan, cursor) => scan(Number(cursor)) }],
  };
  const cache = createCache(createRedisCacheDriver(createRedisStore(port)), {
    clock,
    deadlineMs: 500,
  }).withPrefix("prod");

  const keys: string[] = [];
  const listing = (async () => {
    for await (const key of cache.keys()) keys.push(key);
  })();
  await clock.advance(6 * 400);
  await listing;

  expect(keys).toEqual(["wx1", "wx2"]);
});

test("over a client that cannot subscribe, nothing claims to tell of changes or releases, and the probe says so", async () => {
  const port: RedisPort = {
    kind: "REST",
    traceChannels: [],
    isCluster: false,
    keyPrefix: "",
    evalsha: async () => [null, 0, 1],
    eval: async () => 1,
    primaries: () => [],
  };
  const store = createRedisStore(port);
  const cache = createCache(createRedisCacheDriver(store));
  const lock = createLock(createRedisLockDriver(store));

  expect([cache.pushesChanges, cache.watch, lock.onRelease]).toEqual([false, undefined, undefined]);
  expect(await probeRedis(store, { role: "consumer" })).toEqual([
    "This client cannot subscribe: this node sees changes late, at its next reading.",
  ]);
});
