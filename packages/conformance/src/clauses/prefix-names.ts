import assert from "node:assert/strict";
import type { Cache } from "@lingpai/core";
import type { Clause } from "../clause.ts";
import { all, inParallel, oddNamesUpTo, refused } from "../trial/expect.ts";

/** Clauses about names: every text is a name like any other, as a prefix and as a key. */
export const prefixNames: readonly Clause[] = [
  {
    id: "PREFIX-04",
    title:
      "wildcards, braces, separators, control characters, emoji and long texts are names like any other, in prefix and in key",
    async run({ cache, rootCache, path, facts }) {
      const names = oddNamesUpTo(facts.maxKeyBytes);
      await inParallel(names, 8, (name) => cache.set(name, `key ${name}`));
      await inParallel(names, 8, (name) =>
        rootCache.at([...path, name]).set("key", `prefix ${name}`),
      );
      await inParallel(names, 8, (name) =>
        cache.withPrefix("deep").withPrefix(name).set(name, `both ${name}`),
      );
      await inParallel(names, 8, async (name) => {
        assert.equal((await cache.get(name))?.value, `key ${name}`);
        assert.equal((await cache.withPrefix(name).get("key"))?.value, `prefix ${name}`);
        assert.equal(
          (await cache.withPrefix("deep").withPrefix(name).get(name))?.value,
          `both ${name}`,
        );
      });
      if (facts.enumerable) {
        assert.deepEqual((await all(cache.keys())).sort(), [...names].sort());
        await inParallel(names, 8, async (name) => {
          assert.deepEqual(
            await all(cache.withPrefix(name).keys()),
            ["key"],
            `keys() under ${JSON.stringify(name)}`,
          );
        });
        await checkClearOne(cache, names);
      }
      await inParallel(names, 8, async (name) =>
        assert.equal(await cache.delete(name), true, `delete of ${JSON.stringify(name)}`),
      );
    },
  },
  {
    id: "PREFIX-05",
    title: "two different pairs of path and key never share one stored entry",
    async run({ rootCache, path, random }) {
      const alphabet = ["a", "b", ":", "{", "}", "%", "%3A", "/", "*", "_", " ", "A"];
      const draw = (count: number): string =>
        Array.from(
          { length: count },
          () => alphabet[Math.floor(random.next() * alphabet.length)],
        ).join("");
      const pairs = new Map<string, readonly string[]>();
      for (let index = 0; index < 300; index++) {
        const parts = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () =>
          draw(1 + Math.floor(random.next() * 3)),
        );
        pairs.set(JSON.stringify(parts), parts);
      }
      for (const parts of [
        ["a:b", "c"],
        ["a", "b:c"],
        ["a", "b", "c"],
        ["a:b:c"],
        ["a/b"],
        ["a", "b"],
        ["a:b"],
        ["a%3Ab"],
        ["a", "{b"],
        ["a{", "b"],
      ]) {
        pairs.set(JSON.stringify(parts), parts);
      }
      const place = (parts: readonly string[]): readonly [Cache, string] => [
        rootCache.at([...path, ...parts.slice(0, -1)]),
        parts.at(-1) ?? "",
      ];
      await inParallel(pairs, 16, async ([id, parts]) => {
        const [cache, key] = place(parts);
        await cache.set(key, id);
      });
      await inParallel(pairs, 16, async ([id, parts]) => {
        const [cache, key] = place(parts);
        assert.equal((await cache.get(key))?.value, id, "two pairs of path and key have one entry");
      });
    },
  },
  {
    id: "PREFIX-11",
    title: "half a surrogate pair and a segment of more than 1 kB are refused with a clear error",
    async run({ cache, lock, facts }) {
      for (const name of ["\ud800", "a\udfff", "x".repeat(1_025), "令".repeat(342)]) {
        const what = JSON.stringify(name.slice(0, 8));
        await refused(
          () => cache.withPrefix(name).set("key", "value"),
          "CONFIGURATION",
          `prefix ${what}`,
        );
        await refused(() => cache.set(name, "value"), "CONFIGURATION", `key ${what}`);
        await refused(() => cache.get(name), "CONFIGURATION", `get of ${what}`);
        if (facts.locks)
          await refused(
            () => lock.tryAcquire(name, "owner", 1_000),
            "CONFIGURATION",
            `lock ${what}`,
          );
      }
      await refused(
        () => cache.set("key", "half a pair \ud83d"),
        "CONFIGURATION",
        "a value that no store keeps",
      );
    },
  },
  {
    id: "PREFIX-14",
    title: "the wildcards of SQL are plain characters in a prefix",
    async run({ cache, facts }) {
      for (const [wild, plain] of [
        ["a_c", "abc"],
        ["a%", "abc"],
        ["%", "abc"],
        ["___", "abc"],
        ["a\\_c", "a_c"],
      ] as const) {
        const [pattern, other] = [
          cache.withPrefix("like").withPrefix(wild),
          cache.withPrefix("like").withPrefix(plain),
        ];
        await other.set("key", "other");
        assert.equal(await pattern.get("key"), undefined, `${wild} reads ${plain}`);
        assert.equal(await pattern.delete("key"), false, `${wild} deletes from ${plain}`);
        if (facts.enumerable) {
          assert.deepEqual(await all(pattern.keys()), [], `${wild} lists ${plain}`);
          assert.equal(await pattern.clear(), 0, `${wild} clears ${plain}`);
        }
        assert.equal((await other.get("key"))?.value, "other");
        await other.delete("key");
      }
    },
  },
  {
    id: "PREFIX-17",
    title: "a key that begins with its own prefix is that key",
    async run({ cache, path, facts }) {
      const prefix = cache.withPrefix("users");
      const keys = [
        "users",
        "users:",
        "users:1",
        "users:users:1",
        "1",
        "users:{1}",
        `${path.join(":")}:users:1`,
      ];
      for (const key of keys) await prefix.set(key, `value of ${key}`);
      for (const key of keys) assert.equal((await prefix.get(key))?.value, `value of ${key}`);
      if (facts.enumerable) assert.deepEqual((await all(prefix.keys())).sort(), [...keys].sort());
      for (const key of keys) assert.equal(await prefix.delete(key), true, `delete of ${key}`);
    },
  },
  {
    id: "PREFIX-18",
    title: "leading and trailing spaces belong to the name",
    async run({ cache }) {
      const names = ["a", " a", "a ", " a ", "  a", "a\t", "\u00a0a"];
      for (const name of names) {
        await cache.set(name, `key ${name}`);
        await cache.withPrefix(name).set("key", `prefix ${name}`);
      }
      for (const name of names) {
        assert.equal((await cache.get(name))?.value, `key ${name}`);
        assert.equal((await cache.withPrefix(name).get("key"))?.value, `prefix ${name}`);
      }
    },
  },
  {
    id: "PREFIX-19",
    title: "names that only normalisation makes equal stay different",
    async run({ cache, facts }) {
      const names = ["é", "e\u0301", "Å", "A\u030a", "\u212b", "ﬁ", "fi", "ß", "ss", "K", "\u212a"];
      for (const name of names) await cache.set(name, `key ${name}`);
      for (const name of names) await cache.withPrefix(name).set("key", `prefix ${name}`);
      for (const name of names) {
        assert.equal((await cache.get(name))?.value, `key ${name}`);
        assert.equal((await cache.withPrefix(name).get("key"))?.value, `prefix ${name}`);
      }
      if (facts.enumerable) assert.deepEqual((await all(cache.keys())).sort(), [...names].sort());
    },
  },
  {
    id: "PREFIX-20",
    title: "an empty prefix is refused and never means everything",
    async run({ cache, facts }) {
      await cache.set("key", "value");
      await refused(
        () => cache.withPrefix("").get("key"),
        "CONFIGURATION",
        "get under an empty prefix",
      );
      if (facts.enumerable)
        await refused(
          () => cache.withPrefix("").clear(),
          "CONFIGURATION",
          "clear of an empty prefix",
        );
      await refused(
        () => cache.withPrefix("").withPrefix("a").set("key", "value"),
        "CONFIGURATION",
        "set below an empty prefix",
      );
      assert.equal((await cache.get("key"))?.value, "value");
    },
  },
  {
    id: "PREFIX-21",
    title: "an empty key is refused by every operation",
    async run({ cache, lock, facts }) {
      await refused(() => cache.get(""), "CONFIGURATION", "get");
      await refused(() => cache.set("", "value"), "CONFIGURATION", "set");
      await refused(() => cache.delete(""), "CONFIGURATION", "delete");
      if (!facts.locks) return;
      await refused(() => lock.tryAcquire("", "owner", 1_000), "CONFIGURATION", "tryAcquire");
      await refused(() => lock.extend("", "owner", 1_000), "CONFIGURATION", "extend");
      await refused(() => lock.release("", "owner"), "CONFIGURATION", "release");
    },
  },
  {
    id: "PREFIX-24",
    title: "keys() returns a key that contains the prefix's own text unchanged",
    needs: ["enumerable"],
    async run({ cache }) {
      const prefix = cache.withPrefix("app");
      const keys = ["app", "app:app", "x:app:y", "appapp", ":app:", "{app}", "app:{app}"];
      for (const key of keys) await prefix.set(key, "value");
      assert.deepEqual((await all(prefix.keys())).sort(), [...keys].sort());
    },
  },
  {
    id: "PREFIX-25",
    title: "names are not paths or addresses, so nothing is normalised",
    async run({ cache }) {
      const names = [
        "a/b",
        "a:b",
        "a\\b",
        "a//b",
        "/a/b",
        "a/b/",
        "a/./b",
        "a/../a/b",
        "q?x=1",
        "q?x=2",
        "q#1",
        "a%2Fb",
        "a+b",
        "a b",
        "a&b",
      ];
      for (const name of names) await cache.set(name, `key ${name}`);
      for (const name of names) await cache.withPrefix(name).set("key", `prefix ${name}`);
      for (const name of names) {
        assert.equal((await cache.get(name))?.value, `key ${name}`);
        assert.equal((await cache.withPrefix(name).get("key"))?.value, `prefix ${name}`);
      }
    },
  },
  {
    id: "PREFIX-28",
    title: "a name that is too long for the store is refused before anything is sent",
    needs: ["boundedKeys"],
    async run({ cache, facts }) {
      const length = Math.min(1_024, facts.maxKeyBytes + 1);
      await refused(
        () => cache.withPrefix("p".repeat(length)).set("k".repeat(length), "value"),
        "CONFIGURATION",
        "a name that is too long",
      );
      await cache.set("key", "value");
      assert.equal((await cache.get("key"))?.value, "value");
    },
  },
];

/** `clear` under one odd prefix leaves all other odd prefixes alone. */
async function checkClearOne(cache: Cache, names: readonly string[]): Promise<void> {
  for (const cleared of ["*", "?", "[a]", "%", "_", "\\*", "}{"]) {
    assert.equal(await cache.withPrefix(cleared).clear(), 1, `clear of ${JSON.stringify(cleared)}`);
    await inParallel(names, 16, async (name) => {
      const value = (await cache.withPrefix(name).get("key"))?.value;
      assert.equal(
        value,
        name === cleared ? undefined : `prefix ${name}`,
        `clear of ${JSON.stringify(cleared)} reached ${JSON.stringify(name)}`,
      );
    });
    await cache.withPrefix(cleared).set("key", `prefix ${cleared}`);
  }
}
