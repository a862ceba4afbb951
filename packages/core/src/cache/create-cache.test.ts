import { describe, expect, test, vi } from "vitest";
import type { Cache, WatchListener } from "./cache.ts";
import type { CacheDriver, DriverWrite } from "./cache-driver.ts";
import { createCache } from "./create-cache.ts";
import { manualClock, seededRandom } from "../testing/index.ts";
import type { ManualClock } from "../testing/index.ts";

interface Fixture {
  readonly cache: Cache;
  readonly clock: ManualClock;
  /** Every call that reached the driver. */
  readonly calls: Array<readonly unknown[]>;
  /** Notifies every watcher of the name's scope. */
  readonly tell: (scope: string, name: string | undefined) => void;
  readonly watched: Map<string, Set<WatchListener>>;
}

/**
 * A cache over a driver that records its calls and stores nothing. `override` replaces its
 * operations.
 */
function noting(override: Partial<CacheDriver> = {}): Fixture {
  const clock = manualClock();
  const calls: Array<readonly unknown[]> = [];
  const watched = new Map<string, Set<WatchListener>>();
  const driver: CacheDriver = {
    kind: "noting",
    get: async (name) => void calls.push(["get", name]),
    async set(name, value, write: DriverWrite) {
      calls.push(["set", name, value, write]);
      return { written: true, version: write.version, storeNowMs: clock.wallMs() };
    },
    delete: async (name, ifVersion) => calls.push(["delete", name, ifVersion]) > 0,
    clear: async (scope) => calls.push(["clear", scope]),
    async *names(scope) {
      calls.push(["names", scope]);
      yield* [];
    },
    async watch(scope, listener) {
      watched.set(scope, (watched.get(scope) ?? new Set()).add(listener));
      return async () => void watched.get(scope)?.delete(listener);
    },
    close: async () => void calls.push(["close"]),
    ...override,
  };
  const tell = (scope: string, name: string | undefined): void =>
    watched.get(scope)?.forEach((listener) => listener(name));
  return {
    cache: createCache(driver, { clock, random: seededRandom(1) }),
    clock,
    calls,
    tell,
    watched,
  };
}

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

const never = (): Promise<never> => new Promise(() => {});

describe("a view", () => {
  test("knows its path, and addresses only names of that path", async () => {
    const { cache, calls } = noting();
    const view = cache.withPrefix("a:b").withPrefix("c");
    expect(view.path).toEqual(["a:b", "c"]);
    expect(cache.path).toEqual([]);
    await view.get("k");
    await view.at(["x"]).get("k");
    await cache.delete("k", { ifVersion: "v1" });
    expect(calls).toEqual([
      ["get", "a%3Ab:c:{k}"],
      ["get", "x:{k}"],
      ["delete", "{k}", "v1"],
    ]);
  });

  test("PREFIX-11 is refused for a prefix that has no name", () => {
    const { cache } = noting();
    for (const segment of ["", "\ud800", "x".repeat(1025)]) {
      expect(() => cache.withPrefix(segment)).toThrow(
        expect.objectContaining({ code: "CONFIGURATION" }),
      );
      expect(() => cache.at(["a", segment])).toThrow(
        expect.objectContaining({ code: "CONFIGURATION" }),
      );
    }
  });

  test("keeps its path when the given array changes", () => {
    const path = ["a"];
    const view = noting().cache.at(path);
    path[0] = "b";
    expect(view.path).toEqual(["a"]);
    expect(Object.isFrozen(view.path)).toBe(true);
  });
});

describe("in createCache()", () => {
  test.each([0, -1, NaN, Infinity, 1.5, 2 ** 53, "300", null])(
    "CACHE-14 the time to live %j is refused before anything is sent",
    async (ttlMs) => {
      const { cache, calls } = noting();
      // @ts-expect-error: a caller in JavaScript may pass this
      await expect(cache.set("k", "v", { ttlMs })).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringContaining("ttlMs"),
      });
      expect(calls).toEqual([]);
    },
  );

  test.each([1, 86_400_000, 2 ** 31, Number.MAX_SAFE_INTEGER])(
    "the time to live %d is accepted",
    async (ttlMs) => {
      const { cache, calls } = noting();
      await cache.set("k", "v", { ttlMs });
      expect(calls).toEqual([["set", "{k}", "v", expect.objectContaining({ ttlMs })]]);
    },
  );

  test("an empty, malformed or over-long key is refused", async () => {
    const { cache, calls } = noting();
    for (const key of ["", "\udfff", "k".repeat(1025)]) {
      for (const call of [cache.get(key), cache.set(key, "v"), cache.delete(key)])
        await expect(call).rejects.toMatchObject({ code: "CONFIGURATION" });
    }
    expect(calls).toEqual([]);
  });

  test("a value that stores cannot keep is refused, and its text is not quoted", async () => {
    const { cache, calls } = noting();
    await expect(cache.set("k", "canary\ud800")).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.not.stringContaining("canary"),
    });
    // @ts-expect-error: a caller in JavaScript may pass this
    await expect(cache.set("k", { canary: 1 })).rejects.toMatchObject({ code: "CONFIGURATION" });
    expect(calls).toEqual([]);
  });

  test("an invalid operation id or version is refused", async () => {
    const { cache, calls } = noting();
    for (const bad of ["", "a b", "x".repeat(65), "a|b"]) {
      await expect(cache.set("k", "v", { operationId: bad })).rejects.toMatchObject({
        code: "CONFIGURATION",
      });
      await expect(cache.set("k", "v", { ifVersion: bad })).rejects.toMatchObject({
        code: "CONFIGURATION",
      });
      await expect(cache.delete("k", { ifVersion: bad })).rejects.toMatchObject({
        code: "CONFIGURATION",
      });
    }
    await expect(cache.set("k", "v", { operationId: "absent" })).rejects.toMatchObject({
      code: "CONFIGURATION",
    });
    expect(calls).toEqual([]);
  });
});

describe("a write", () => {
  test("CACHE-03 has its own version", async () => {
    const { cache } = noting();
    const versions = await Promise.all(
      Array.from({ length: 100 }, async () => (await cache.set("k", "v")).version),
    );
    expect(new Set(versions).size).toBe(100);
    for (const version of versions) expect(version).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  test("CACHE-24 has the caller's operation id as its version", async () => {
    const { cache, calls } = noting();
    await cache.set("k", "v", { operationId: "commit-1", ifVersion: "absent" });
    expect(calls).toEqual([
      ["set", "{k}", "v", { version: "commit-1", ttlMs: undefined, ifVersion: "absent" }],
    ]);
  });
});

describe("a store that does not answer", () => {
  test("FAULT-01 fails every operation within the deadline", async () => {
    const hung = {
      get: never,
      set: never,
      delete: never,
      clear: never,
      watch: never,
      names: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    };
    const { cache, clock } = noting(hung);
    const calls = [
      cache.get("k"),
      cache.set("k", "v"),
      cache.delete("k"),
      cache.clear(),
      collect(cache.keys()),
      cache.watch!(() => {}),
    ];
    const outcomes = Promise.allSettled(calls);
    await clock.advance(500);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ reason: { code: "CACHE_UNAVAILABLE", reason: "timeout" } });
    expect(clock.pendingTimers).toBe(0);
  });

  test("may take up to 60 deadlines for clear while it answers reads", async () => {
    const clearing = Promise.withResolvers<number>();
    const { cache, clock } = noting({ clear: () => clearing.promise });
    const cleared = cache.clear();
    await clock.advance(29_999);
    clearing.resolve(10_000);
    expect(await cleared).toBe(10_000);
    const hung = noting({ clear: never });
    const outcome = expect(hung.cache.clear()).rejects.toMatchObject({ reason: "timeout" });
    await hung.clock.advance(30_000);
    await outcome;
  });

  test("ends a subscription that was granted too late", async () => {
    const granting = Promise.withResolvers<() => Promise<void>>();
    const { cache, clock } = noting({ watch: () => granting.promise });
    const outcome = expect(cache.watch!(() => {})).rejects.toMatchObject({ reason: "timeout" });
    await clock.advance(500);
    await outcome;
    const unsubscribe = vi.fn<() => Promise<void>>(async () => {});
    granting.resolve(unsubscribe);
    await clock.settle();
    expect(unsubscribe).toHaveBeenCalledOnce();
  });
});

describe("keys", () => {
  const listing = (names: readonly string[]): Partial<CacheDriver> => ({
    async *names() {
      yield* names;
    },
  });

  test("CACHE-20 are yielded once each, as the caller wrote them, whatever else the driver yields", async () => {
    const { cache } = noting(
      listing(["a:{x}", "a:{%F0%9F%98%80}", "a:{x}", "a:b:{y}", "a:{%78}", "a:{", "garbage"]),
    );
    expect(await collect(cache.withPrefix("a").keys())).toEqual(["x", "😀"]);
  });

  test("free the driver's iterator when the caller stops early", async () => {
    let freed = false;
    const { cache } = noting({
      async *names() {
        try {
          yield "{a}";
          yield "{b}";
        } finally {
          freed = true;
        }
      },
    });
    for await (const key of cache.keys()) {
      expect(key).toBe("a");
      break;
    }
    expect(freed).toBe(true);
  });
});

describe("a watch", () => {
  test("WATCH-01 reports keys as the caller wrote them, and reports that changes may have been missed", async () => {
    const { cache, tell } = noting();
    const heard: Array<string | undefined> = [];
    await cache.withPrefix("a").watch!((key) => heard.push(key));
    tell("a:{", "a:{b%3Ac}");
    tell("a:{", undefined);
    expect(heard).toEqual(["b:c", undefined]);
  });

  test("WATCH-06, PREFIX-09 ignores names outside its scope", async () => {
    const { cache, tell } = noting();
    const heard: Array<string | undefined> = [];
    await cache.withPrefix("a").watch!((key) => heard.push(key));
    for (const name of ["", "a", "a:{", "a:{}", "a:b:{k}", "ab:{k}", "a:{%6B}", "a:{k}x"])
      tell("a:{", name);
    expect(heard).toEqual([]);
  });

  test("WATCH-07 keeps working for all listeners when one of them throws", async () => {
    const { cache, clock, tell } = noting();
    const heard: Array<string | undefined> = [];
    await cache.watch!(() => {
      throw new Error("thrown");
    });
    await cache.watch!(async () => {
      throw new Error("rejected");
    });
    await cache.watch!((key) => heard.push(key));
    tell("{", "{k}");
    await clock.settle();
    expect(heard).toEqual(["k"]);
  });

  test("WATCH-04 calls no listener after it has ended, and may be ended twice", async () => {
    const { cache, tell, watched } = noting();
    const heard: Array<string | undefined> = [];
    const unsubscribe = await cache.watch!((key) => heard.push(key));
    const [stale] = watched.get("{") ?? [];
    await unsubscribe();
    await unsubscribe();
    tell("{", "{k}");
    stale?.("{k}");
    expect(heard).toEqual([]);
    expect(watched.get("{")?.size).toBe(0);
  });

  test("does not exist if the driver cannot push", () => {
    const { watch: _, ...driver }: CacheDriver = {
      kind: "pull",
      get: never,
      set: never,
      delete: never,
      clear: never,
      names: async function* () {},
      close: never,
    };
    const cache = createCache(driver);
    expect(cache.pushesChanges).toBe(false);
    expect(cache.watch).toBeUndefined();
    expect(noting().cache.withPrefix("a").pushesChanges).toBe(true);
  });
});

describe("closing", () => {
  test("CACHE-21 closes every view, once, and later calls reject", async () => {
    const { cache, calls } = noting();
    const view = cache.withPrefix("a");
    await Promise.all([view.close(), cache.close(), view.close()]);
    await cache.close();
    expect(calls).toEqual([["close"]]);
    const later = [
      cache.get("k"),
      view.set("k", "v"),
      cache.delete("k"),
      cache.clear(),
      collect(view.keys()),
      view.watch!(() => {}),
    ];
    for (const call of [...later, cache.withPrefix("b").get("k")])
      await expect(call).rejects.toMatchObject({ code: "CLOSED" });
    expect(calls).toEqual([["close"]]);
  });

  test("lets calls in flight settle first, within their deadline", async () => {
    const { cache, clock, calls } = noting({ get: never });
    const read = expect(cache.get("k")).rejects.toMatchObject({ reason: "timeout" });
    const closing = cache.close();
    await clock.advance(499);
    expect(calls).toEqual([]);
    await clock.advance(1);
    await Promise.all([read, closing]);
    expect(calls).toEqual([["close"]]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("rejects a clear in flight", async () => {
    const { cache, clock } = noting({ clear: never });
    const clearing = expect(cache.clear()).rejects.toMatchObject({ code: "CLOSED" });
    await clock.settle();
    await Promise.all([clearing, cache.close()]);
    expect(clock.pendingTimers).toBe(0);
  });

  test("ends every subscription, and every iteration of keys in progress", async () => {
    const { cache, tell, watched } = noting({
      async *names() {
        yield "{a}";
        yield "{b}";
      },
    });
    const heard: unknown[] = [];
    await cache.watch!((key) => heard.push(key));
    const keys = cache.keys()[Symbol.asyncIterator]();
    expect(await keys.next()).toEqual({ value: "a", done: false });
    await cache.close();
    await expect(keys.next()).rejects.toMatchObject({ code: "CLOSED" });
    tell("{", "{k}");
    expect(heard).toEqual([]);
    expect(watched.get("{")?.size).toBe(0);
  });

  test("succeeds even if a subscription cannot be ended", async () => {
    const { cache, calls } = noting({ watch: async () => () => Promise.reject(new Error("gone")) });
    await cache.watch!(() => {});
    await cache.close();
    expect(calls).toEqual([["close"]]);
  });
});
