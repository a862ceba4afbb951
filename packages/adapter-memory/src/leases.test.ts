import { manualClock } from "@lingpai/core/testing";
import type { Granted, Lock } from "@lingpai/core";
import { describe, expect, test } from "vitest";
import { memoryCache, memoryLock, memoryStore } from "./index.ts";
import type { MemoryStore, MemoryStoreOptions } from "./index.ts";

function open(options: MemoryStoreOptions = {}): {
  clock: ReturnType<typeof manualClock>;
  store: MemoryStore;
  lock: Lock;
} {
  const clock = manualClock();
  const store = memoryStore({ clock, ...options });
  return { clock, store, lock: memoryLock(store) };
}

async function granted(lock: Lock, name: string, owner: string, ttlMs = 1000): Promise<Granted> {
  const outcome = await lock.tryAcquire(name, owner, ttlMs);
  if (outcome.acquired) return outcome;
  throw new Error(`${name} is held for ${outcome.remainingMs} ms more.`);
}

describe("a lease", () => {
  test("LOCK-04 ends at the exact millisecond, and its late owner can do nothing", async () => {
    const { clock, lock } = open();
    await granted(lock, "n", "first");
    await clock.advance(999);
    expect(await lock.tryAcquire("n", "second", 1000)).toEqual({ acquired: false, remainingMs: 1 });
    await clock.advance(1);
    expect(await lock.extend("n", "first", 1000)).toBe(false);
    await granted(lock, "n", "second");
    expect(await lock.extend("n", "first", 5000)).toBe(false);
    expect(await lock.release("n", "first")).toBe(false);
    expect(await lock.tryAcquire("n", "third", 1000)).toEqual({
      acquired: false,
      remainingMs: 1000,
    });
    expect(await lock.extend("n", "second", 1000)).toBe(true);
    expect(await lock.release("n", "second")).toBe(true);
    expect(await lock.release("n", "second")).toBe(false);
  });

  test("LOCK-07, LOCK-09 is prolonged from now and never shortened, by extending and by acquiring again", async () => {
    const { clock, lock } = open();
    const { fence } = await granted(lock, "n", "me", 1000);
    await clock.advance(400);
    await lock.extend("n", "me", 100);
    expect(await lock.tryAcquire("n", "other", 1)).toMatchObject({ remainingMs: 600 });
    await lock.extend("n", "me", 1000);
    expect(await lock.tryAcquire("n", "other", 1)).toMatchObject({ remainingMs: 1000 });
    expect(await granted(lock, "n", "me", 2000)).toMatchObject({ fence });
    expect(await lock.tryAcquire("n", "other", 1)).toMatchObject({ remainingMs: 2000 });
    expect(await granted(lock, "n", "me", 10)).toMatchObject({ fence });
    expect(await lock.tryAcquire("n", "other", 1)).toMatchObject({ remainingMs: 2000 });
  });

  test("LOCK-01 is granted to one of 32 simultaneous callers, over several clients", async () => {
    const { store } = open();
    const clients = [memoryLock(store), memoryLock(store)];
    const outcomes = await Promise.all(
      Array.from({ length: 32 }, (_, at) => clients[at % 2]!.tryAcquire("n", `owner-${at}`, 1000)),
    );
    expect(outcomes.filter(({ acquired }) => acquired)).toHaveLength(1);
  });

  test("that is held survives any number of other names", async () => {
    const { lock } = open({ maxLocks: 4 });
    await granted(lock, "held", "me", 10_000);
    for (let at = 0; at < 100; at += 1) await granted(lock, `n${at}`, "someone", 10_000);
    expect(await lock.tryAcquire("held", "other", 1)).toMatchObject({ acquired: false });
    expect(await lock.release("held", "me")).toBe(true);
  });

  test("is not removed by a clear of the entries under its prefix, and does not collide with an entry of its name", async () => {
    const { store, lock } = open();
    const cache = memoryCache(store).withPrefix("a");
    await granted(lock.withPrefix("a"), "n", "me");
    await cache.set("n", "v");
    expect(await cache.clear()).toBe(1);
    expect(await lock.at(["a"]).tryAcquire("n", "other", 1)).toMatchObject({ acquired: false });
  });
});

describe("a fence", () => {
  test("FENCE-01 rises with each holder even if the store's time stands still", async () => {
    const { lock } = open();
    const fences: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      fences.push((await granted(lock, "n", `owner-${at}`)).fence);
      await lock.release("n", `owner-${at}`);
    }
    expect(fences).toEqual(fences.map((_, at) => (fences[0] ?? 0) + at));
  });

  test("FENCE-02 rises after an expiry, and to the store's time if that is ahead", async () => {
    const { clock, lock } = open();
    const first = await granted(lock, "n", "first", 10);
    await clock.advance(5000);
    expect((await granted(lock, "n", "second")).fence).toBe(first.fence + 5000);
  });

  test("FENCE-02 rises after it was forgotten, even if the store's time stands still", async () => {
    const { lock } = open({ maxLocks: 2 });
    let last = 0;
    for (let at = 0; at < 10; at += 1) {
      last = (await granted(lock, "n", `owner-${at}`)).fence;
      await lock.release("n", `owner-${at}`);
    }
    for (const name of ["x", "y", "z"]) await granted(lock, name, "someone");
    expect((await granted(lock, "n", "after")).fence).toBeGreaterThan(last);
  });

  test("FENCE-02 rises after the wall clock was set back", async () => {
    const { clock, lock } = open({ maxLocks: 1 });
    const first = await granted(lock, "n", "first", 10);
    await granted(lock, "other", "someone");
    clock.stepWall(-86_400_000);
    await clock.advance(10);
    expect((await granted(lock, "n", "second")).fence).toBeGreaterThan(first.fence);
  });
});

describe("callers that wait for a release", () => {
  test("are notified of a release of their own name and prefix only, in every client", async () => {
    const { clock, store, lock } = open();
    const heard: string[] = [];
    await memoryLock(store).onRelease!("n", () => heard.push("n"));
    await lock.onRelease!("m", () => heard.push("m"));
    await lock.withPrefix("a").onRelease!("n", () => heard.push("a n"));
    await granted(lock, "n", "me");
    expect(await lock.release("n", "stranger")).toBe(false);
    await clock.settle();
    expect(heard).toEqual([]);
    await lock.release("n", "me");
    await clock.settle();
    expect(heard).toEqual(["n"]);
  });
});
