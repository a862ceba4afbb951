import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { all, busy, granted, inParallel, written } from "../trial/expect.ts";

/**
 * Clauses about isolation: between clients, between entries and locks, and from other software's
 * data in the store.
 */
export const prefixClients: readonly Clause[] = [
  {
    id: "PREFIX-07",
    title: "a client's own key prefix is not doubled, and clear() does not reach beyond it",
    needs: ["clientPrefixes"],
    async run({ cache, path, prefixed, facts, random, lock }) {
      const own = path.at(-1) ?? "";
      const [one, two] = [await prefixed(`${own}:`), await prefixed(`${own}:1`)];
      await cache.set("key", "none");
      await one.cache.set("key", "one");
      await two.cache.set("key", "two");
      assert.deepEqual(
        [
          (await cache.get("key"))?.value,
          (await one.cache.get("key"))?.value,
          (await two.cache.get("key"))?.value,
        ],
        ["none", "one", "two"],
      );
      if (facts.enumerable) {
        assert.deepEqual(await all(one.cache.keys()), ["key"]);
        assert.equal(await one.cache.clear(), 1);
        assert.deepEqual(await all(one.cache.keys()), []);
      }
      assert.deepEqual(
        [(await cache.get("key"))?.value, (await two.cache.get("key"))?.value],
        ["none", "two"],
      );
      assert.equal(await two.cache.delete("key"), true);
      if (!facts.locks) return;
      for (const view of [lock, one.lock, two.lock])
        granted(await view.tryAcquire("name", random.id(), 60_000));
      busy(
        await (await prefixed(`${own}:`)).lock.tryAcquire("name", random.id(), 1_000),
        "a second client with the same prefix",
      );
    },
  },
  {
    id: "PREFIX-22",
    title: "two caches over one client object stay apart",
    async run({ cache, again, facts }) {
      const other = (await again()).cache;
      const [mine, theirs] = [cache.withPrefix("mine"), other.withPrefix("theirs")];
      await mine.set("key", "mine");
      await theirs.set("key", "theirs");
      assert.equal((await mine.get("key"))?.value, "mine");
      assert.equal((await other.withPrefix("mine").get("key"))?.value, "mine");
      assert.equal((await cache.get("key"))?.value, undefined);
      if (facts.enumerable) {
        assert.deepEqual(await all(theirs.keys()), ["key"]);
        assert.equal(await theirs.clear(), 1);
      }
      assert.equal((await mine.get("key"))?.value, "mine");
    },
  },
  {
    id: "PREFIX-23",
    title: "clear() leaves the locks and fences of its own prefix",
    needs: ["enumerable", "locks"],
    async run({ cache, lock, random, facts }) {
      const holder = random.id();
      const owner = random.id();
      const second = await lock.tryAcquire("ended", owner, 60_000);
      await lock.release("ended", owner);
      granted(await lock.tryAcquire("held", holder, 60_000));
      await cache.set("held", "an entry of the same name");
      await cache.set("other", "value");
      assert.equal(await cache.clear(), 2, "clear() counts what is no entry");
      busy(await lock.tryAcquire("held", random.id(), 1_000), "a lock held across clear()");
      assert.equal(await lock.extend("held", holder, 60_000), true, "its holder lost it");
      if (!facts.fencing) return;
      assert(
        granted(await lock.tryAcquire("ended", random.id(), 60_000)) > granted(second),
        "clear() took the fence back",
      );
    },
  },
  {
    id: "PREFIX-26",
    title: "data of other software in the store is not read, listed, changed or removed",
    needs: ["foreignWriters"],
    async run({ cache, raw, path, facts }) {
      const own = path.at(-1) ?? "";
      const names = [
        `${own}key`,
        `${own}:`,
        `${own}:keys`,
        `${own}*`,
        `*${own}`,
        `${own}:{`,
        `{${own}}x`,
        `${own.toUpperCase()}:key`,
        `lock:${own}`,
        `:${own}:`,
      ];
      const before = new Map<string, string | undefined>();
      for (const name of names) {
        await raw.poke(name, new TextEncoder().encode(`foreign ${name}`));
        before.set(name, await raw.peek(name));
      }
      const version = written(await cache.set("key", "value"));
      assert.equal((await cache.get("key"))?.version, version);
      if (facts.enumerable) {
        assert.deepEqual(await all(cache.keys()), ["key"]);
        assert.equal(await cache.clear(), 1);
        await cache.withPrefix("*").clear();
        await cache.withPrefix(own).clear();
      }
      for (const name of names) {
        assert.equal(await raw.peek(name), before.get(name), `the foreign key ${name} was changed`);
        await raw.remove(name);
      }
    },
  },
  {
    id: "PREFIX-27",
    title: "clear() during 1 000 concurrent writes under another prefix loses none of them",
    needs: ["enumerable"],
    async run({ cache, second, elapse }) {
      const writer = (await second()).cache.withPrefix("kept");
      const cleared = cache.withPrefix("cleared");
      let writing = true;
      const writes = inParallel(Array(1_000).keys(), 16, (index) =>
        writer.set(`key ${index}`, "value"),
      ).finally(() => {
        writing = false;
      });
      for (let round = 0; round < 3 || writing; round++) {
        await cleared.set("key", "value");
        assert.equal(await cleared.clear(), 1);
        await elapse(0);
      }
      await writes;
      assert.equal((await all(cache.withPrefix("kept").keys())).length, 1_000);
    },
  },
];
