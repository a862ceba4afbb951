import { delay } from "@lingpai/core";
import { createCache, createLock } from "@lingpai/core/driver";
import { manualClock } from "@lingpai/core/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
import type { RedisPort } from "./port.ts";
import { probeRedis } from "./probe.ts";
import { createRedisStore } from "./store.ts";

test("keys() has its deadline for each step of its scan, however many steps find nothing", async () => {
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

test("a driver over a client that cannot subscribe offers no notifications, and the probe says so", async () => {
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

/** A client that answers every command with this. */
function giving(reply: unknown): RedisPort {
  return {
    kind: "half a client",
    traceChannels: [],
    isCluster: false,
    keyPrefix: "",
    evalsha: async () => reply,
    eval: async () => reply,
    primaries: () => [],
  };
}

test("a change that may not be announced is still made, and one warning says that notifications are off", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const written = createRedisCacheDriver(createRedisStore(giving([2, "v1", 1])));
  const how = { version: "v1", ttlMs: undefined, ifVersion: undefined };
  for (let times = 0; times < 2; times += 1)
    expect(await written.set("{wx1}", "value", how)).toMatchObject({ written: true });
  expect(warn).toHaveBeenCalledTimes(1);
  const store = createRedisStore(giving(2));
  expect(await createRedisCacheDriver(store).delete("{wx1}", undefined)).toBe(true);
  expect(await createRedisLockDriver(store).release("{wx1}", "me")).toBe(true);
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining("changes are not announced"), { code: "LINGPAI_NEWS_OFF" }],
    [expect.stringContaining("changes are not announced"), { code: "LINGPAI_NEWS_OFF" }],
  ]);
});

test.each([
  ["lists in lists", [[1], [7], [1]]],
  ["texts of something else", ["one", "seven", "1"]],
  ["nothing", [null, null, null]],
])("a lease is not granted on a reply with invalid numbers: %s", async (_what, reply) => {
  const lock = createRedisLockDriver(createRedisStore(giving(reply)));
  await expect(lock.tryAcquire("{wx1}", "me", 1_000)).rejects.toMatchObject({
    code: "CACHE_UNAVAILABLE",
    retryable: false,
    message: expect.stringContaining("Remove the option, plugin or wrapper that changes replies."),
  });
});
