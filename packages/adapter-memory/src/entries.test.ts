import { manualClock } from "@lingpai/core/testing";
import type { Cache } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { memoryCache, memoryStore } from "./index.ts";
import type { MemoryStore, MemoryStoreOptions } from "./index.ts";

function open(options: MemoryStoreOptions = {}): {
  clock: ReturnType<typeof manualClock>;
  store: MemoryStore;
  cache: Cache;
} {
  const clock = manualClock();
  const store = memoryStore({ clock, ...options });
  return { clock, store, cache: memoryCache(store) };
}

async function keysOf(cache: Cache): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys.toSorted();
}

describe("an entry", () => {
  test("CACHE-11 exists through its last millisecond and has expired at its end, for every operation", async () => {
    const { clock, cache } = open();
    await cache.set("k", "v", { ttlMs: 1000, operationId: "first" });
    await clock.advance(999);
    expect(await cache.get("k")).toMatchObject({ value: "v", ttlMs: 1 });
    expect(await keysOf(cache)).toEqual(["k"]);
    await clock.advance(1);
    expect(await cache.get("k")).toBeUndefined();
    expect(await keysOf(cache)).toEqual([]);
    expect(await cache.delete("k")).toBe(false);
    expect(await cache.clear()).toBe(0);
    expect(await cache.set("k", "w", { ifVersion: "first" })).toMatchObject({
      written: false,
      version: undefined,
    });
    expect(await cache.set("k", "w", { ifVersion: "absent" })).toMatchObject({ written: true });
  });

  test("CACHE-11 may live one millisecond, or longer than any timer", async () => {
    const { clock, cache } = open();
    await cache.set("short", "v", { ttlMs: 1 });
    await cache.set("long", "v", { ttlMs: Number.MAX_SAFE_INTEGER });
    expect(await cache.get("short")).toMatchObject({ ttlMs: 1 });
    expect((await cache.get("long"))?.ttlMs).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
    await clock.advance(1);
    expect(await cache.get("short")).toBeUndefined();
    await clock.advance(50 * 86_400_000);
    expect((await cache.get("long"))?.ttlMs).toBeGreaterThan(2 ** 52);
    expect(clock.pendingTimers).toBe(0);
  });

  test("CACHE-24 sent twice with one operation id is written once, and reported once", async () => {
    const { clock, cache } = open();
    const heard: unknown[] = [];
    await cache.watch!((key) => heard.push(key));
    const once = { operationId: "op-1", ifVersion: "absent", ttlMs: 1000 } as const;
    expect(await cache.set("k", "v", once)).toMatchObject({ written: true, version: "op-1" });
    await clock.advance(400);
    expect(await cache.set("k", "v", once)).toMatchObject({ written: true, version: "op-1" });
    expect(await cache.get("k")).toMatchObject({ ttlMs: 600 });
    expect(heard).toEqual(["k"]);
  });

  test("is seen by every client of the store, and outlives the client that wrote it", async () => {
    const { store, cache } = open();
    await cache.withPrefix("prod").set("k", "v");
    await cache.close();
    const other = memoryCache(store);
    expect(await other.at(["prod"]).get("k")).toMatchObject({ value: "v" });
    expect(await memoryCache().at(["prod"]).get("k")).toBeUndefined();
  });
});

describe("the store's time", () => {
  test("CACHE-22 continues when the wall clock is set back, and entries still expire", async () => {
    const { clock, cache } = open();
    const before = await cache.set("k", "v", { ttlMs: 1000 });
    clock.stepWall(-86_400_000);
    await clock.advance(600);
    expect(await cache.set("other", "v")).toMatchObject({ storeNowMs: before.storeNowMs + 600 });
    expect(await cache.get("k")).toMatchObject({ ttlMs: 400 });
    await clock.advance(400);
    expect(await cache.get("k")).toBeUndefined();
  });

  test("passes while the machine is suspended", async () => {
    const { clock, cache } = open();
    await cache.set("k", "v", { ttlMs: 1000 });
    clock.suspend(1000);
    expect(await cache.get("k")).toBeUndefined();
  });

  test("is not delayed by frequent reads", async () => {
    const { clock, cache } = open();
    const first = await cache.set("k", "v");
    for (let reads = 0; reads < 1000; reads += 1) {
      clock.stall(0.25);
      await cache.get("k");
    }
    expect((await cache.get("k"))?.storeNowMs).toBe(first.storeNowMs + 250);
  });
});

describe("the bounds", () => {
  test("evict the least recently used entry first, and listing is not use", async () => {
    const { cache } = open({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await cache.set(key, "v");
    await cache.get("a");
    await keysOf(cache);
    await cache.set("d", "v");
    expect(await keysOf(cache)).toEqual(["a", "c", "d"]);
  });

  test("count the bytes of names and values", async () => {
    const { cache } = open({ maxBytes: 1000 });
    for (const key of ["a", "b", "c"]) await cache.set(key, "x".repeat(150));
    expect(await keysOf(cache)).toEqual(["a", "b", "c"]);
    await cache.set("a", "x".repeat(250));
    expect(await keysOf(cache)).toEqual(["a", "c"]);
  });

  test("refuse an entry that is larger than all of them, and keep the stored entries", async () => {
    const { cache } = open({ maxBytes: 1000 });
    await cache.set("k", "small");
    await expect(cache.set("k", "canary".repeat(100))).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "out-of-memory",
      retryable: false,
      message: expect.not.stringContaining("canary"),
    });
    expect(await cache.get("k")).toMatchObject({ value: "small" });
  });

  test("notify no watcher of an eviction, because nothing was written", async () => {
    const { clock, cache } = open({ maxEntries: 1 });
    const heard: unknown[] = [];
    await cache.watch!((key) => heard.push(key));
    await cache.set("a", "v", { ttlMs: 10 });
    await cache.set("b", "v");
    await clock.settle();
    expect(heard).toEqual(["a", "b"]);
  });

  test.each([0, -1, 1.5, NaN, Infinity])("are whole numbers of at least 1, not %d", (bound) => {
    for (const option of ["maxEntries", "maxBytes", "maxLocks"]) {
      expect(() => memoryStore({ [option]: bound })).toThrow(
        expect.objectContaining({
          code: "CONFIGURATION",
          message: expect.stringContaining(option),
        }),
      );
    }
  });
});

describe("a watcher", () => {
  test("is notified after the write that it reports, in the order of the writes", async () => {
    const { store, cache } = open();
    const seen: unknown[] = [];
    const watcher = memoryCache(store);
    await watcher.watch!((key) => seen.push(key));
    const writes = [cache.set("a", "v"), cache.set("b", "v"), cache.delete("a")];
    expect(seen).toEqual([]);
    await Promise.all(writes);
    expect(seen).toEqual(["a", "b", "a"]);
  });

  test("is notified of each key that clear removes, for its own prefix only", async () => {
    const { clock, cache } = open();
    for (const path of [["a"], ["a", "b"], ["ab"], []])
      for (const key of ["1", "2"]) await cache.at(path).set(key, "v");
    const heard: unknown[] = [];
    await cache.at(["a"]).watch!((key) => heard.push(key));
    for (const path of [["a", "b"], ["ab"], [], ["a"]]) await cache.at(path).clear();
    await clock.settle();
    expect(heard.toSorted()).toEqual(["1", "2"]);
  });

  test("that ends during a notification receives no further one", async () => {
    const { clock, cache } = open();
    const heard: unknown[] = [];
    const end = await cache.watch!((key) => {
      heard.push(key);
      void end();
    });
    await Promise.all([cache.set("a", "v"), cache.set("b", "v")]);
    await clock.settle();
    expect(heard).toEqual(["a"]);
  });
});
