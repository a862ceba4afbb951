import assert from "node:assert/strict";
import { keyring, type Cache } from "@lingpai/core";
import type { Clause, Trial } from "../clause.ts";
import { all, busy, granted, inParallel, refused, written } from "../trial/expect.ts";
import { roomMs } from "../trial/timing.ts";

/** Clauses about prefixes: no key can be accessed through another prefix. */
export const prefixIsolation: readonly Clause[] = [
  {
    id: "PREFIX-01",
    title: "a key under one prefix is invisible through another: get, keys, watch, delete, clear",
    async run({ cache, facts, elapse }) {
      const [mine, other] = [cache.withPrefix("mine"), cache.withPrefix("other")];
      const notified: (string | undefined)[] = [];
      const unwatch = await other.watch?.((key) => notified.push(key));
      const version = written(await mine.set("key", "mine"));
      for (const view of [other, cache, mine.withPrefix("mine")]) {
        assert.equal(await view.get("key"), undefined);
        assert.equal(await view.delete("key"), false);
        if (!facts.enumerable) continue;
        assert.deepEqual(await all(view.keys()), []);
        assert.equal(await view.clear(), 0);
      }
      assert.equal((await mine.get("key"))?.version, version);
      await elapse(facts.toleranceMs);
      assert.deepEqual(notified, [], "a watch was notified of another prefix");
      await unwatch?.();
    },
  },
  {
    id: "PREFIX-02",
    title:
      "clear() leaves prefixes that are longer, nested, with wildcards or in another case, and keys without a prefix",
    needs: ["enumerable"],
    async run({ cache, rootCache, path }) {
      const others = ["ab", "a:b", "a*", "A", "a ", "aa", "a{", "*", "?", "[a]"].map((segment) =>
        cache.withPrefix(segment),
      );
      const views = [...others, cache.withPrefix("a").withPrefix("b"), cache, rootCache];
      const key = `${path.at(-1)}-key`;
      for (const view of views) await view.set(key, "kept");
      const cleared = cache.withPrefix("a");
      await cleared.set("one", "gone");
      await cleared.set("two", "gone");
      assert.equal(await cleared.clear(), 2);
      assert.deepEqual(await all(cleared.keys()), []);
      for (const view of views)
        assert.equal(
          (await view.get(key))?.value,
          "kept",
          `clear() reached ${JSON.stringify(view.path)}`,
        );
      await rootCache.delete(key);
    },
  },
  {
    id: "PREFIX-03",
    title: "clear() removes and counts all of 10 000 keys without blocking another client",
    needs: ["enumerable"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { cache, facts, settle } = trial;
      const other = (await trial.second()).cache.withPrefix("elsewhere");
      await other.set("key", "value");
      const writing = inParallel(Array(10_000).keys(), 256, (index) =>
        cache.set(`key ${index}`, "value"),
      );
      const amidWritesMs = await longestWait(trial, other, writing);
      const clearing = cache.clear();
      const amidClearMs = await longestWait(trial, other, clearing);
      assert.equal(await settle(clearing, 30_000), 10_000);
      // Plain writes delay other calls too on a slow machine. clear() may not be much worse.
      const limitMs = Math.max(roomMs(facts, 50), 4 * amidWritesMs);
      assert(
        amidClearMs <= limitMs,
        `another client waited ${Math.round(amidClearMs)} ms, and ${Math.round(amidWritesMs)} beside writes`,
      );
      assert.deepEqual(await all(cache.keys()), []);
      assert.equal(await cache.clear(), 0);
    },
  },
  {
    id: "PREFIX-06",
    title: 'withPrefix("a").withPrefix("b") and withPrefix("a:b") see nothing of each other',
    async run({ cache, facts }) {
      for (const separator of [":", "/", ".", "::", "-", "_", "|"]) {
        const [nested, joined] = [
          cache.withPrefix("a").withPrefix("b"),
          cache.withPrefix(`a${separator}b`),
        ];
        await nested.set("c", "nested");
        assert.equal(await joined.get("c"), undefined);
        assert.equal(await cache.withPrefix("a").get(`b${separator}c`), undefined);
        assert.equal(await cache.get(`a${separator}b${separator}c`), undefined);
        await joined.set("c", "joined");
        assert.equal((await nested.get("c"))?.value, "nested");
        if (!facts.enumerable) continue;
        assert.equal(await joined.clear(), 1);
        assert.equal((await nested.get("c"))?.value, "nested");
        assert.deepEqual(await all(cache.withPrefix("a").keys()), []);
      }
    },
  },
  {
    id: "PREFIX-08",
    title: "one name under two prefixes is two locks",
    needs: ["locks"],
    async run({ lock, random }) {
      const views = [
        lock,
        lock.withPrefix("a"),
        lock.withPrefix("A"),
        lock.withPrefix("a").withPrefix("a"),
        lock.withPrefix("a:a"),
      ];
      const owners = views.map(() => random.id());
      for (const [index, view] of views.entries())
        granted(await view.tryAcquire("name", owners[index] ?? "", 60_000));
      for (const [index, view] of views.entries()) {
        assert.equal(
          await view.release("name", owners[(index + 1) % owners.length] ?? ""),
          false,
          "released through another prefix",
        );
        assert.equal(await view.release("name", owners[index] ?? ""), true);
        for (const held of views.slice(index + 1))
          busy(await held.tryAcquire("name", random.id(), 1_000));
      }
    },
  },
  {
    id: "PREFIX-09",
    title: "a watch is never notified of another prefix",
    needs: ["pushesChanges"],
    async run({ cache, second, until, elapse, facts }) {
      const notified: (string | undefined)[] = [];
      const unwatch = await cache.withPrefix("a").watch?.((key) => notified.push(key));
      const other = (await second()).cache;
      for (const view of [other, cache]) {
        for (const segment of ["ab", "a:b", "A", "a*", "*", "?"])
          await view.withPrefix(segment).set("key", "value");
        await view.withPrefix("a").withPrefix("b").set("key", "value");
        await view.set("a", "value");
        await view.set("a:key", "value");
      }
      await other.withPrefix("a").set("own", "value");
      await until("the watch is notified of its own", () => notified.includes("own"), 1_000);
      await elapse(facts.toleranceMs);
      assert.deepEqual(notified, ["own"]);
      await unwatch?.();
    },
  },
  {
    id: "PREFIX-10",
    title: "a user limited to one prefix can do everything within it and nothing outside",
    needs: ["accessControlled"],
    alone: true,
    async run({ server, path, adopt, facts, rootCache, random, until }) {
      const limited = adopt(
        (await server.limitedTo?.(path)) ?? assert.fail("the fixture has no server.limitedTo()"),
      );
      const notified: (string | undefined)[] = [];
      const unwatch = await limited.cache.watch?.((key) => notified.push(key));
      const version = written(await limited.cache.set("key", "value", { ttlMs: 60_000 }));
      assert.equal((await limited.cache.get("key"))?.version, version);
      if (facts.conditionalWrites)
        written(await limited.cache.set("key", "next", { ifVersion: version }));
      if (unwatch)
        await until("the limited user's watch is notified", () => notified.includes("key"), 1_000);
      if (facts.locks) {
        const owner = random.id();
        granted(await limited.lock.tryAcquire("key", owner, 60_000));
        assert(await limited.lock.extend("key", owner, 60_000));
        assert(await limited.lock.release("key", owner));
      }
      if (facts.enumerable) {
        assert.deepEqual(await all(limited.cache.keys()), ["key"]);
        assert.equal(await limited.cache.clear(), 1);
      }
      const outside = rootCache.at([`${path.at(-1)}-outside`]);
      await outside.set("key", "value");
      const view = limited.cache.at(outside.path);
      await refused(() => view.get("key"), "CACHE_UNAVAILABLE", "get outside the prefix");
      await refused(() => view.set("key", "other"), "CACHE_UNAVAILABLE", "set outside the prefix");
      await refused(() => view.delete("key"), "CACHE_UNAVAILABLE", "delete outside the prefix");
      assert.equal((await outside.get("key"))?.value, "value");
      await unwatch?.();
    },
  },
  {
    id: "PREFIX-12",
    title: "environments with similar names never share anything",
    async run({ cache, lock, facts, random }) {
      const names = ["prod", "prod2", "PROD", "Prod", "prod ", "prod:", "pro", "prod-cn"];
      for (const name of names) await cache.withPrefix(name).set("token", `token of ${name}`);
      for (const name of names)
        assert.equal((await cache.withPrefix(name).get("token"))?.value, `token of ${name}`);
      if (facts.locks)
        for (const name of names)
          granted(await lock.withPrefix(name).tryAcquire("token", random.id(), 60_000));
      for (const [index, name] of names.entries()) {
        if (facts.enumerable) assert.equal(await cache.withPrefix(name).clear(), 1);
        else assert.equal(await cache.withPrefix(name).delete("token"), true);
        for (const later of names.slice(index + 1)) {
          assert.equal(
            (await cache.withPrefix(later).get("token"))?.value,
            `token of ${later}`,
            `${name} reached ${later}`,
          );
        }
      }
    },
  },
  {
    id: "PREFIX-13",
    title: "a sealed value that is copied under another environment's key is refused there",
    async run({ cache, path, rootCache, core: { sealed } }) {
      const ring = keyring({ active: { id: "k1", key: new Uint8Array(32).fill(7) } });
      const [prod, staging] = [
        sealed(cache.withPrefix("prod"), ring),
        sealed(cache.withPrefix("staging"), ring),
      ];
      await prod.set("token", "a canary value");
      assert.equal((await prod.get("token"))?.value, "a canary value");
      const stored = await rootCache.at([...path, "prod"]).get("token");
      assert(stored && !stored.value.includes("canary"), "the store sees the value in clear");
      const copy = { operationId: stored.version };
      await rootCache.at([...path, "staging"]).set("token", stored.value, copy);
      await refused(() => staging.get("token"), "UNREADABLE_ENTRY", "get of a copied value");
      await rootCache.at([...path, "prod"]).set("other", stored.value, copy);
      await refused(() => prod.get("other"), "UNREADABLE_ENTRY", "get under another key");
    },
  },
  {
    id: "PREFIX-15",
    title: "prefixes and keys that differ in case only are different",
    async run({ cache, facts }) {
      const [upper, lower] = [cache.withPrefix("Users"), cache.withPrefix("users")];
      await upper.set("key", "upper");
      await lower.set("key", "lower");
      await lower.set("KEY", "upper key");
      assert.deepEqual(
        [(await upper.get("key"))?.value, (await lower.get("key"))?.value],
        ["upper", "lower"],
      );
      assert.equal((await lower.get("KEY"))?.value, "upper key");
      if (facts.enumerable) assert.equal(await upper.clear(), 1);
      else await upper.delete("key");
      assert.equal((await lower.get("key"))?.value, "lower");
    },
  },
  {
    id: "PREFIX-16",
    title: "clear() under x leaves entries under xy",
    needs: ["enumerable"],
    async run({ cache }) {
      await cache.withPrefix("x").set("y", "gone");
      await cache.withPrefix("xy").set("y", "kept");
      await cache.set("xy", "kept");
      assert.equal(await cache.withPrefix("x").clear(), 1);
      assert.equal((await cache.withPrefix("xy").get("y"))?.value, "kept");
      assert.equal((await cache.get("xy"))?.value, "kept");
    },
  },
];

/** Reads repeatedly while the work runs. Returns the longest time of one read, in ms. */
async function longestWait(
  { clock, settle, elapse }: Trial,
  cache: Cache,
  work: Promise<unknown>,
): Promise<number> {
  let working = true;
  const end = (): boolean => (working = false);
  work.then(end, end);
  let longestMs = 0;
  while (working) {
    const startMs = clock.monotonicMs();
    await settle(cache.get("key"), 10_000);
    longestMs = Math.max(longestMs, clock.monotonicMs() - startMs);
    await elapse(1);
  }
  await work; // rejects with the work's error
  return longestMs;
}
