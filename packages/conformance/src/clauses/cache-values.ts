import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { all, conflict, inParallel, refused, written } from "../trial/expect.ts";

const mebibyte = 2 ** 20;

const values: readonly string[] = [
  "",
  "plain",
  " leading and trailing ",
  "NUL \0 inside",
  "CRLF \r\n, tab \t",
  '"',
  '\\"',
  '{"json":[1,null]}',
  "[]",
  "null",
  "undefined",
  "true",
  "0",
  "-0",
  "1e999",
  "007",
  "\ufeffBOM",
  "令牌",
  "🔑👩‍👩‍👧",
  "e\u0301 is not é",
  "OK",
  "$5\r\nhello\r\n",
];

/** Clauses about reading, writing and deleting, without time. */
export const cacheValues: readonly Clause[] = [
  {
    id: "CACHE-01",
    title: "a value of any content is read back byte for byte",
    async run({ cache, facts }) {
      const large = "v".repeat(Math.min(mebibyte, facts.maxValueBytes));
      for (const value of [...values, large]) {
        written(await cache.set("key", value));
        assert.equal((await cache.get("key"))?.value, value);
      }
    },
  },
  {
    id: "CACHE-02",
    title: "a missing key is read as undefined",
    async run({ cache }) {
      assert.equal(await cache.get("missing"), undefined);
      await cache.set("gone", "value");
      await cache.delete("gone");
      assert.equal(await cache.get("gone"), undefined);
    },
  },
  {
    id: "CACHE-03",
    title: "each write has its own version, which never occurs again, even after a delete",
    async run({ cache, facts, second }) {
      const versions: string[] = [];
      const other = await second();
      const [ifAbsent, ifLast] = facts.conditionalWrites
        ? [{ ifVersion: "absent" } as const, () => ({ ifVersion: versions.at(-1) ?? "" })]
        : [{}, () => ({})];
      for (let round = 0; round < 20; round++) {
        versions.push(
          written(await cache.set("key", "same value")),
          written(await other.cache.set("key", "same value")),
        );
        assert.equal(
          (await cache.get("key"))?.version,
          versions.at(-1),
          "get and set differ about the version",
        );
        await cache.delete("key");
        versions.push(written(await cache.set("key", "same value", ifAbsent)));
        await cache.delete("key", ifLast());
      }
      versions.push(written(await cache.set("other key", "same value")));
      assert.equal(new Set(versions).size, versions.length, "a version was used twice");
    },
  },
  {
    id: "CACHE-04",
    title: "a write on the stored version succeeds and returns a new version",
    needs: ["conditionalWrites"],
    async run({ cache }) {
      const first = written(await cache.set("key", "one"));
      const next = written(await cache.set("key", "two", { ifVersion: first }));
      assert.notEqual(next, first);
      assert.deepEqual(
        [(await cache.get("key"))?.value, (await cache.get("key"))?.version],
        ["two", next],
      );
    },
  },
  {
    id: "CACHE-05",
    title: "a write on another version changes nothing and returns the stored version",
    needs: ["conditionalWrites"],
    async run({ cache }) {
      const old = written(await cache.set("key", "old"));
      const current = written(await cache.set("key", "current", { ttlMs: 60_000 }));
      assert.equal(conflict(await cache.set("key", "late", { ifVersion: old })), current);
      assert.equal(
        conflict(await cache.set("key", "late", { ifVersion: old, ttlMs: 600_000 })),
        current,
      );
      const entry = await cache.get("key");
      assert.deepEqual([entry?.value, entry?.version], ["current", current]);
      assert((entry?.ttlMs ?? Infinity) <= 60_000, "the conflict changed the time to live");
      assert.equal(conflict(await cache.set("missing", "late", { ifVersion: old })), undefined);
      assert.equal(await cache.get("missing"), undefined, "a conflict created the key");
    },
  },
  {
    id: "CACHE-06",
    title: 'a write on "absent" is done only when nothing is stored',
    needs: ["conditionalWrites"],
    async run({ cache }) {
      const first = written(await cache.set("key", "first", { ifVersion: "absent" }));
      assert.equal(conflict(await cache.set("key", "second", { ifVersion: "absent" })), first);
      assert.equal((await cache.get("key"))?.value, "first");
      await cache.delete("key");
      written(await cache.set("key", "third", { ifVersion: "absent" }), "after a delete");
    },
  },
  {
    id: "CACHE-07",
    title: "exactly one of 32 concurrent writes on one version, through two clients, succeeds",
    needs: ["conditionalWrites"],
    async run({ cache, second }) {
      const other = await second();
      for (const start of ["absent", "version"] as const) {
        for (let round = 0; round < 4; round++) {
          const key = `${start}-${round}`;
          const ifVersion = start === "absent" ? "absent" : written(await cache.set(key, "start"));
          const outcomes = await Promise.all(
            Array.from({ length: 32 }, (_, index) =>
              (index % 2 ? cache : other.cache).set(key, `writer ${index}`, { ifVersion }),
            ),
          );
          const winners = outcomes.flatMap((outcome, index) => (outcome.written ? [index] : []));
          assert.equal(
            winners.length,
            1,
            `${winners.length} writers on one version (${start}) were answered that they had written`,
          );
          assert.equal(
            (await cache.get(key))?.value,
            `writer ${winners[0]}`,
            "what is stored is not the winner's",
          );
        }
      }
    },
  },
  {
    id: "CACHE-09",
    title: "delete() returns true exactly if there was an entry",
    async run({ cache }) {
      assert.equal(await cache.delete("key"), false);
      await cache.set("key", "");
      assert.equal(await cache.delete("key"), true);
      assert.equal(await cache.delete("key"), false);
    },
  },
  {
    id: "CACHE-10",
    title: "a delete on an old version changes nothing",
    needs: ["conditionalWrites"],
    async run({ cache }) {
      const old = written(await cache.set("key", "old"));
      const current = written(await cache.set("key", "current"));
      assert.equal(await cache.delete("key", { ifVersion: old }), false);
      assert.equal((await cache.get("key"))?.version, current);
      assert.equal(await cache.delete("key", { ifVersion: current }), true);
      assert.equal(await cache.get("key"), undefined);
    },
  },
  {
    id: "CACHE-18",
    title: "a write is visible to all later reads, through its own client and through another",
    async run({ cache, second }) {
      const other = await second();
      for (let round = 0; round < 50; round++) {
        const [writer, reader] = round % 2 ? [cache, other.cache] : [other.cache, cache];
        await writer.set("key", `round ${round}`);
        assert.equal((await writer.get("key"))?.value, `round ${round}`, "through its own client");
        assert.equal((await reader.get("key"))?.value, `round ${round}`, "through another client");
      }
    },
  },
  {
    id: "CACHE-19",
    title: "1 000 interleaved writes and reads of 50 keys keep each key's order",
    async run({ cache }) {
      const last = new Map<string, number>();
      const pending: Promise<void>[] = [];
      for (let step = 0; step < 1_000; step++) {
        const key = `key ${(step * 7) % 50}`;
        if (step % 2 === 0) {
          last.set(key, step);
          pending.push(cache.set(key, String(step)).then(() => {}));
          continue;
        }
        const least = last.get(key);
        pending.push(
          cache.get(key).then((entry) => {
            if (least !== undefined)
              assert(
                Number(entry?.value) >= least,
                `${key} gave ${entry?.value} after ${least} had been written`,
              );
          }),
        );
      }
      await Promise.all(pending);
      await inParallel(last, 10, async ([key, step]) =>
        assert.equal((await cache.get(key))?.value, String(step), `${key} lost its last write`),
      );
    },
  },
  {
    id: "CACHE-20",
    title:
      "keys() returns each live key once, across pages and while keys change, and no foreign key",
    needs: ["enumerable"],
    async run({ cache, path, rootCache }) {
      const stable = Array.from({ length: 600 }, (_, index) => `stable ${index}`);
      await inParallel(stable, 32, (key) => cache.set(key, "value"));
      await rootCache.at([...path, "inner"]).set("foreign", "value");
      const seen: string[] = [];
      for await (const key of cache.keys()) {
        seen.push(key);
        if (seen.length % 20 === 0) {
          await cache.set(`fleeting ${seen.length}`, "value");
          await cache.delete(`fleeting ${seen.length - 20}`);
        }
      }
      assert.equal(new Set(seen).size, seen.length, "a key came twice");
      assert.deepEqual(seen.filter((key) => key.startsWith("stable")).sort(), [...stable].sort());
      assert.deepEqual(
        seen.filter((key) => !/^(stable|fleeting) \d+$/.test(key)),
        [],
        "a key came that was never written here",
      );
      assert.deepEqual(await all(rootCache.at([...path, "nothing"]).keys()), []);
    },
  },
  {
    id: "CACHE-21",
    title:
      "close() may be called twice, later calls reject with CLOSED, and the caller's client still works",
    async run({ cache, again, second, facts }) {
      await cache.set("key", "value");
      const closing = (await again()).cache;
      await closing.get("key");
      await closing.close();
      await closing.close();
      await refused(() => closing.get("key"), "CLOSED", "get after close");
      await refused(() => closing.set("key", "other"), "CLOSED", "set after close");
      await refused(() => closing.delete("key"), "CLOSED", "delete after close");
      if (facts.enumerable) {
        await refused(() => closing.clear(), "CLOSED", "clear after close");
        await refused(() => all(closing.keys()), "CLOSED", "keys after close");
      }
      assert.equal(
        (await cache.get("key"))?.value,
        "value",
        "closing one cache broke another over the same client",
      );
      assert.equal(
        (await (await again()).cache.get("key"))?.value,
        "value",
        "the client that was given was closed",
      );
      assert.equal((await (await second()).cache.get("key"))?.value, "value");
    },
  },
  {
    id: "CACHE-30",
    title: "an entry that one caller changes in memory is unchanged for the next",
    async run({ cache }) {
      await cache.set("key", "value");
      const first = await cache.get("key");
      assert(first);
      Reflect.set(first, "value", "altered");
      Reflect.set(first, "version", "altered");
      const next = await cache.get("key");
      assert.equal(next?.value, "value");
      assert.notEqual(next.version, "altered");
    },
  },
];
