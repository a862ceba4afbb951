import { describe, expect, it } from "vitest";
import type { Cache, WatchListener } from "./cache.ts";
import type { CacheDriver } from "./cache-driver.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { createCache } from "./create-cache.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

interface World {
  readonly cache: Cache;
  /** Notifies every open subscription of a change of this full name. */
  tell(name: string | undefined): void;
  readonly opened: { count: number; standing: number };
  /** How many of the next subscriptions are refused. */
  refusals: number;
}

function world(): World {
  const listeners = new Set<WatchListener>();
  const opened = { count: 0, standing: 0 };
  const unused = async (): Promise<never> => Promise.reject(new Error("not used"));
  const driver: CacheDriver = {
    kind: "counting",
    get: unused,
    set: unused,
    delete: unused,
    clear: unused,
    async *names() {},
    async watch(scope, listener) {
      if (made.refusals > 0) {
        made.refusals -= 1;
        throw new Error("refused");
      }
      opened.count += 1;
      opened.standing += 1;
      const inScope: WatchListener = (name) =>
        name === undefined || name.startsWith(scope) ? listener(name) : undefined;
      listeners.add(inScope);
      return async () => {
        opened.standing -= 1;
        listeners.delete(inScope);
      };
    },
    close: async () => {},
  };
  const made: World = {
    cache: createCache(driver, { clock: manualClock(), random: seededRandom("watch") }),
    tell: (name) => [...listeners].forEach((listener) => listener(name)),
    opened,
    refusals: 0,
  };
  return made;
}

const ignore: WatchListener = () => {};

describe("many listeners of one prefix", () => {
  it("share one subscription, and each message reaches only the listeners of its key", async () => {
    const { cache, opened, tell } = world();
    const prod = cache.withPrefix("prod");
    const heard: string[] = [];
    for (let index = 0; index < 100; index += 1)
      await cache.withPrefix("prod").watch!((key) => heard.push(`${index}:${key}`), {
        key: `wx${index}`,
      });
    await prod.watch!((key) => heard.push(`all:${key}`));
    await cache.withPrefix("test").watch!(() => heard.push("test"));
    expect(opened).toEqual({ count: 2, standing: 2 });
    tell("prod:{wx7}");
    tell("prod:{other}");
    expect(heard).toEqual(["7:wx7", "all:wx7", "all:other"]);
    heard.length = 0;
    tell(undefined);
    expect(heard).toHaveLength(102);
  });

  it("end their subscription when the last one leaves", async () => {
    const { cache, opened, tell } = world();
    const heard: unknown[] = [];
    const one = await cache.watch!((key) => heard.push(key), { key: "k" });
    const other = await cache.watch!(ignore, { key: "k" });
    await one();
    await one();
    tell("{k}");
    expect(heard).toEqual([]);
    expect(opened.standing).toBe(1);
    await other();
    expect(opened.standing).toBe(0);
    await cache.watch!((key) => heard.push(key), { key: "k" });
    tell("{k}");
    expect(heard).toEqual(["k"]);
    expect(opened).toEqual({ count: 2, standing: 1 });
  });

  it("are called even if another one throws", async () => {
    const { cache, tell } = world();
    const heard: unknown[] = [];
    await cache.watch!(() => {
      throw new Error("mine");
    });
    await cache.watch!((key) => heard.push(key));
    tell("{k}");
    tell(undefined);
    expect(heard).toEqual(["k", undefined]);
  });

  it("get one new subscription if several of them find the present one dead", async () => {
    const { cache, opened, tell } = world();
    const heard: unknown[] = [];
    const ends: Unsubscribe[] = [];
    for (const key of ["a", "b", "c"])
      ends.push(await cache.watch!((changed) => heard.push(changed), { key }));
    const [a, b] = ends;
    void a!();
    const again = await cache.watch!((changed) => heard.push(`again ${changed}`), {
      key: "a",
      instead: a!,
    });
    expect(opened).toEqual({ count: 2, standing: 1 });
    void b!();
    await cache.watch!((changed) => heard.push(`again ${changed}`), { key: "b", instead: b! });
    expect(opened).toEqual({ count: 2, standing: 1 });
    for (const key of ["a", "b", "c"]) tell(`{${key}}`);
    expect(heard).toEqual(["again a", "again b", "c"]);
    void again();
    await cache.watch!(ignore, { key: "a", instead: again });
    expect(opened).toEqual({ count: 3, standing: 1 });
  });

  it("keep the present subscription if the store refuses another one", async () => {
    const made = world();
    const heard: unknown[] = [];
    const one = await made.cache.watch!(ignore, { key: "a" });
    await made.cache.watch!((key) => heard.push(key), { key: "b" });
    made.refusals = 1;
    await expect(made.cache.watch!(ignore, { key: "a", instead: one })).rejects.toThrow(
      /did not|refused|failed|not/i,
    );
    made.tell("{b}");
    expect(heard).toEqual(["b"]);
    await made.cache.watch!(ignore, { key: "a", instead: one });
    made.tell("{b}");
    expect(heard).toEqual(["b", "b"]);
    expect(made.opened).toEqual({ count: 2, standing: 1 });
  });

  it("all reject if the store refuses, and the next one asks again", async () => {
    const made = world();
    made.refusals = 1;
    const both = await Promise.allSettled([
      made.cache.watch!(ignore, { key: "a" }),
      made.cache.watch!(ignore, { key: "b" }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await made.cache.watch!(ignore, { key: "a" });
    expect(made.opened).toEqual({ count: 1, standing: 1 });
  });

  it("are not called after the cache was closed", async () => {
    const made = world();
    const heard: unknown[] = [];
    await made.cache.watch!((key) => heard.push(key));
    await made.cache.close();
    made.tell("{k}");
    expect(heard).toEqual([]);
    expect(made.opened.standing).toBe(0);
    await expect(made.cache.watch!(ignore)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("of single keys work on an unprefixed store as well", async () => {
    const clock = manualClock();
    const store = simulatedStore({ clock, random: seededRandom("store") });
    const cache = store.cache().withPrefix("prod");
    const heard: unknown[] = [];
    await cache.watch!((key) => heard.push(key), { key: "k" });
    await cache.set("k", "1");
    await cache.set("other", "1");
    await clock.settle();
    expect(heard).toEqual(["k"]);
  });
});
