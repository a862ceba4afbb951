import { describe, expect, it } from "vitest";
import type { Cache, WatchListener } from "../cache/cache.ts";
import type { CacheDriver } from "../cache/cache-driver.ts";
import { createCache } from "../cache/create-cache.ts";
import { bench, watched } from "./lease-bench.test.helper.ts";
import {
  faultPlan,
  faultyCache,
  faultyLock,
  manualClock,
  type FaultPlan,
  type ManualClock,
} from "./index.ts";

/** A cache that keeps values and versions, and tells watchers. */
function toy(): {
  readonly cache: Cache;
  readonly inner: Cache;
  readonly plan: FaultPlan;
  readonly clock: ManualClock;
} {
  const clock = manualClock();
  const plan = faultPlan({ clock });
  const stored = new Map<string, { value: string; version: string }>();
  const listeners = new Set<WatchListener>();
  const driver: CacheDriver = {
    kind: "toy",
    async get(name) {
      const entry = stored.get(name);
      return entry && { ...entry, ttlMs: undefined, storeNowMs: clock.worldMs() };
    },
    async set(name, value, { version }) {
      stored.set(name, { value, version });
      for (const listener of listeners) listener(name);
      return { written: true, version, storeNowMs: clock.worldMs() };
    },
    delete: async (name) => stored.delete(name),
    async clear() {
      const count = stored.size;
      stored.clear();
      return count;
    },
    async *names() {
      yield* stored.keys();
    },
    async watch(_scope, listener) {
      listeners.add(listener);
      return async () => void listeners.delete(listener);
    },
    close: async () => {},
  };
  const inner = createCache(driver, { clock });
  return { cache: faultyCache(inner, plan), inner, plan, clock };
}

describe("faultyCache", () => {
  it("passes everything through while no fault is planned", async () => {
    const { cache, plan } = toy();
    const view = cache.withPrefix("a");
    await view.set("k", "v");
    expect(await cache.at(["a"]).get("k")).toMatchObject({ value: "v" });
    const keys: string[] = [];
    for await (const key of view.keys()) keys.push(key);
    expect(keys).toEqual(["k"]);
    expect(await view.delete("k")).toBe(true);
    expect(await view.clear()).toBe(0);
    expect([view.path, view.pushesChanges, plan.calls(), plan.calls("get")]).toEqual([
      ["a"],
      true,
      5,
      1,
    ]);
  });

  it("fails before or after the execution, for the calls in its script", async () => {
    const { cache, plan } = toy();
    plan.next("set", "fail-before", "fail-after", undefined, "fail-before");
    await expect(cache.set("k", "1")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(await cache.get("k")).toBeUndefined();
    await expect(cache.set("k", "2")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(await cache.get("k")).toMatchObject({ value: "2" });
    await cache.set("k", "3");
    await expect(cache.set("k", "4")).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    await cache.set("k", "5");
    expect(await cache.get("k")).toMatchObject({ value: "5" });
  });

  it("never answers, with or without the execution", async () => {
    const { cache, inner, plan, clock } = toy();
    plan.next("set", "hang-before", "hang-after");
    const first = watched(cache.set("k", "1"));
    await clock.advance(60_000);
    expect([first.now.state, await inner.get("k")]).toEqual(["pending", undefined]);
    const second = watched(cache.set("k", "2"));
    await clock.advance(60_000);
    expect([second.now.state, (await inner.get("k"))?.value]).toEqual(["pending", "2"]);
  });

  it("delays the request and the answer", async () => {
    const { cache, inner, plan, clock } = toy();
    plan.next("set", { requestMs: 10, replyMs: 20 });
    const setting = watched(cache.set("k", "1"));
    await clock.advance(9);
    expect(await inner.get("k")).toBeUndefined();
    await clock.advance(1);
    expect([await inner.get("k"), setting.now.state]).toMatchObject([{ value: "1" }, "pending"]);
    await clock.advance(20);
    expect(setting.now.state).toBe("done");
  });

  it("is disconnected by one switch for all views, and notifies watchers that they may have missed something", async () => {
    const { cache, inner, plan } = toy();
    const told: (string | undefined)[] = [];
    const unsubscribe = await cache.watch?.((key) => told.push(key));
    await inner.set("before", "1");
    plan.unreachable = true;
    await inner.set("meanwhile", "1");
    await expect(cache.withPrefix("a").get("k")).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
    });
    await expect(cache.keys()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
    });
    plan.unreachable = false;
    plan.losesMessages = true;
    await inner.set("lost", "1");
    plan.losesMessages = false;
    await inner.set("after", "1");
    await unsubscribe?.();
    plan.frozen = true;
    plan.frozen = false;
    expect(told).toEqual(["before", undefined, "after"]);
  });
});

describe("faultyLock", () => {
  it("has the faults that a function decides on, and shares the queue of the wrapped lock", async () => {
    const { elsewhere, clock } = bench();
    const plan = faultPlan({
      clock,
      decide: ({ operation, name, index }) =>
        operation === "extend" && name === "n" && index === 1 ? "fail-after" : undefined,
    });
    const inner = elsewhere();
    const lock = faultyLock(inner, plan);
    expect(lock.queue).toBe(inner.queue);
    expect(lock.withPrefix("a").path).toEqual(["a"]);
    await lock.tryAcquire("n", "me", 1000);
    expect(await lock.extend("n", "me", 1000)).toBe(true);
    await expect(lock.extend("n", "me", 1000)).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
    expect(await lock.extend("n", "me", 1000)).toBe(true);
  });

  it("reports no release while it is cut off, and a possible one afterwards", async () => {
    const { lock, elsewhere, plan } = bench();
    let told = 0;
    await lock.onRelease?.("n", () => {
      told += 1;
    });
    plan.frozen = true;
    await elsewhere().tryAcquire("n", "x", 1000);
    await elsewhere().release("n", "x");
    expect(told).toBe(0);
    plan.frozen = false;
    expect(told).toBe(1);
  });
});
