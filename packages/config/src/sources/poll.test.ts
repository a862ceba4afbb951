import { createCache } from "@lingpai/core/driver";
import { systemRandom, type Cache } from "@lingpai/core";
import type { CacheDriver } from "@lingpai/core/driver";
import { manualClock } from "@lingpai/core/testing";
import { describe, expect, test } from "vitest";
import { openConfig } from "../live/open-config.ts";
import { keepWatching } from "../live/watching.ts";
import { appId, secret, world } from "../world.fixture.ts";
import { cacheSource } from "./stores/cache.ts";
import { poll } from "./poll.ts";
import { redisSource } from "./stores/redis.ts";
import { watched } from "./watched.fixture.ts";

const document = (node: string): string =>
  JSON.stringify({ node, apps: { main: { appId, secret } } });

/** A cache whose store does not report changes. */
function silentCache(): Cache {
  const stored = new Map<
    string,
    { value: string; version: string; ttlMs: undefined; storeNowMs: number }
  >();
  const driver: CacheDriver = {
    kind: "map",
    get: async (name) => stored.get(name),
    async set(name, value, { version }) {
      stored.set(name, { value, version, ttlMs: undefined, storeNowMs: 1 });
      return { written: true, version, storeNowMs: 1 };
    },
    delete: async (name) => stored.delete(name),
    clear: async () => 0,
    async *names() {
      yield* stored.keys();
    },
    close: async () => {},
  };
  return createCache(driver);
}

test("a polled source keeps no process alive, and neither does one whose watch failed", async () => {
  const clock = manualClock();
  const timers: unknown[] = [];
  const counting = {
    ...clock,
    setTimer: (...timer: Parameters<typeof clock.setTimer>) => {
      timers.push(timer[2]);
      return clock.setTimer(...timer);
    },
  };
  const context = { environment: "prod", clock: counting, random: systemRandom, changed() {} };
  const ending = new AbortController();
  const { signal } = ending;
  const polling = poll({ ...context, signal }, 5_000);
  const failing = keepWatching(
    { name: "broken", load: async () => [], watch: () => Promise.reject(new Error("gone")) },
    { ...context, signal },
    { failed() {}, listening() {} },
  );
  await clock.advance(4_000);
  expect(timers.length).toBeGreaterThan(2);
  expect(timers).toEqual(timers.map(() => ({ background: true })));
  ending.abort();
  await Promise.all([polling, failing]);
});

test("a polled source is read at once and at each interval, until its watch ends", async () => {
  const clock = manualClock();
  const source = watched(
    { name: "polled", load: async () => [], watch: (context) => poll(context, 5_000) },
    clock,
  );
  await source.changed(1);
  await clock.advance(14_999);
  expect(source.changes).toBe(3);
  await clock.advance(1);
  await source.stop();
  await clock.advance(60_000);
  expect([source.changes, clock.pendingTimers]).toEqual([4, 0]);
});

describe("a document in a store that reports no changes", () => {
  test("is in force an interval and a debounce after it was written to a cache", async () => {
    const cache = silentCache();
    await cache.set("lingpai.json", document("one"));
    const { clock, options } = world(cacheSource(cache, { key: "lingpai.json" }));
    const config = await openConfig(options);
    await clock.advance(1_000);
    await cache.set("lingpai.json", document("two"));
    await clock.advance(4_300);
    expect(config.current.node).toBe("two");
    await config.close();
  });

  test("is noticed even if it was changed back between two polls, after the change had been read for another reason", async () => {
    let stored = document("one");
    const { clock, options } = world(
      redisSource({ get: async () => stored }, { key: "lingpai.json" }),
    );
    const config = await openConfig(options);
    await clock.advance(1_000);
    stored = document("two");
    await config.reload();
    expect(config.current.node).toBe("two");
    stored = document("one");
    await clock.advance(5_000);
    expect(config.current.node).toBe("one");
    await config.close();
  });

  test("is polled at intervals within the limits only", () => {
    expect(() => redisSource({ get: async () => null }, { key: "k", pollMs: 1 })).toThrow(
      "pollMs is 1. Give a whole number of ms from 100.",
    );
    expect(() => cacheSource(silentCache(), { pollMs: Number.NaN })).toThrow("pollMs is NaN");
  });
});
