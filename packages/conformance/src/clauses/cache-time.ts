import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { conflict, refused, written } from "../trial/expect.ts";
import { justBefore, shortTtlMs, surelyGoneMs } from "../trial/timing.ts";

const dayMs = 86_400_000;

/** Clauses about times to live. */
export const cacheTime: readonly Clause[] = [
  {
    id: "CACHE-08",
    title: "an expired entry is absent for a conditional write",
    needs: ["conditionalWrites"],
    async run(trial) {
      const { cache } = trial;
      const ttlMs = shortTtlMs(trial);
      const old = written(await cache.set("key", "old", { ttlMs }));
      await cache.set("other", "old", { ttlMs });
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      assert.equal(
        conflict(await cache.set("key", "late", { ifVersion: old })),
        undefined,
        "the conflict tells a version that has expired",
      );
      assert.equal(
        await cache.delete("key", { ifVersion: old }),
        false,
        "an expired entry was deleted",
      );
      written(await cache.set("key", "new", { ifVersion: "absent" }));
      assert.equal(
        await cache.delete("other"),
        false,
        "an expired entry counted as something that was there",
      );
    },
  },
  {
    id: "CACHE-11",
    title:
      "an entry lives until its time to live has passed, and no longer than the granularity beyond",
    async run(trial) {
      const { cache } = trial;
      const ttlMs = shortTtlMs(trial);
      const alive = await justBefore(
        trial,
        ttlMs,
        () => cache.set("key", "value", { ttlMs }),
        () => cache.get("key"),
      );
      assert(alive, "the entry ended early");
      await cache.set("key", "value", { ttlMs });
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      assert.equal(await cache.get("key"), undefined, "the entry outlived its time to live");
      if (!trial.facts.enumerable) return;
      for await (const key of cache.keys())
        assert.notEqual(key, "key", "keys() gives a key that has expired");
    },
  },
  {
    id: "CACHE-12",
    title: "the time to live of an entry counts down and never exceeds the value that was set",
    async run(trial) {
      const { cache, facts } = trial;
      const ttlMs = 60_000;
      const setMs = trial.clock.monotonicMs();
      await cache.set("key", "value", { ttlMs });
      const first = (await cache.get("key"))?.ttlMs;
      await trial.elapse(30 + facts.ttlGranularityMs);
      const next = (await cache.get("key"))?.ttlMs;
      const passedMs = trial.clock.monotonicMs() - setMs;
      assert(
        first !== undefined && next !== undefined,
        "an entry with a time to live does not tell it",
      );
      assert(first <= ttlMs, `${first} ms left of ${ttlMs}`);
      assert(next < first, `${next} ms left, and ${first} before`);
      assert(
        next >= ttlMs - passedMs - facts.ttlGranularityMs - 1,
        `${next} ms left after ${passedMs} of ${ttlMs}`,
      );
      assert(next <= ttlMs - 29, `${next} ms left after ${passedMs} of ${ttlMs}`);
    },
  },
  {
    id: "CACHE-13",
    title: "an entry without a time to live stays, and a write without one removes an earlier end",
    async run(trial) {
      const { cache } = trial;
      const ttlMs = shortTtlMs(trial);
      await cache.set("key", "one", { ttlMs });
      await cache.set("key", "two");
      assert.equal((await cache.get("key"))?.ttlMs, undefined);
      const version = written(await cache.set("conditional", "one", { ttlMs }));
      if (trial.facts.conditionalWrites)
        written(await cache.set("conditional", "two", { ifVersion: version }));
      else await cache.set("conditional", "two");
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      assert.equal((await cache.get("key"))?.value, "two");
      assert.equal((await cache.get("conditional"))?.value, "two");
    },
  },
  {
    id: "CACHE-14",
    title:
      "a time to live that is not a whole number of at least 1 ms is refused before anything is sent",
    async run({ cache }) {
      const version = written(await cache.set("key", "value"));
      for (const ttlMs of [
        0,
        -0,
        -1,
        Number.NaN,
        Infinity,
        -Infinity,
        1.5,
        0.1,
        2 ** 53,
        2 ** 60,
      ]) {
        await refused(
          () => cache.set("key", "other", { ttlMs }),
          "CONFIGURATION",
          `ttlMs ${ttlMs}`,
        );
      }
      for (const ttlMs of ["300", null, {}]) {
        // A caller in JavaScript may pass this; the cast removes the option's type.
        const options = JSON.parse(JSON.stringify({ ttlMs }));
        await refused(
          () => cache.set("key", "other", options),
          "CONFIGURATION",
          `ttlMs ${JSON.stringify(ttlMs)}`,
        );
      }
      assert.equal((await cache.get("key"))?.version, version, "a refused write reached the store");
    },
  },
  {
    id: "CACHE-15",
    title: "a write renews the time to live, and a conflict does not",
    needs: ["conditionalWrites"],
    async run(trial) {
      const { cache } = trial;
      const ttlMs = shortTtlMs(trial);
      const renewed = await justBefore(
        trial,
        ttlMs,
        async () => {
          await cache.set("renewed", "value", { ttlMs: Math.ceil(ttlMs / 2) });
          await cache.set("renewed", "value", { ttlMs });
        },
        () => cache.get("renewed"),
      );
      assert(renewed, "a later write did not renew the time to live");
      await cache.set("key", "value", { ttlMs });
      conflict(await cache.set("key", "late", { ifVersion: trial.random.id(), ttlMs: 60_000 }));
      conflict(await cache.set("key", "late", { ifVersion: "absent" }));
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      assert.equal(await cache.get("key"), undefined, "a conflict prolonged the entry");
    },
  },
  {
    id: "CACHE-16",
    title: "the store ends an entry: clients whose clock is a day off see the same",
    needs: ["storeClock"],
    async run(trial) {
      const ttlMs = shortTtlMs(trial);
      const clients = [
        await trial.second({ clockShiftMs: dayMs }),
        await trial.second({ clockShiftMs: -dayMs }),
      ];
      for (const [index, client] of clients.entries()) {
        await client.cache.set(`by ${index}`, "value", { ttlMs: 60_000 });
        assert(
          await trial.cache.get(`by ${index}`),
          "what a client with a wrong clock wrote had ended at once",
        );
        await trial.cache.set(`for ${index}`, "value", { ttlMs: 60_000 });
        const seen = await client.cache.get(`for ${index}`);
        assert(seen, "a client with a wrong clock took a live entry for an expired one");
        assert(
          (seen.ttlMs ?? Infinity) <= 60_000 && (seen.ttlMs ?? 0) > 30_000,
          `a client with a wrong clock was answered ${seen.ttlMs} ms left`,
        );
        await client.cache.set(`short ${index}`, "value", { ttlMs });
      }
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      for (const [index, client] of clients.entries()) {
        assert.equal(
          await client.cache.get(`short ${index}`),
          undefined,
          "a client with a wrong clock saw an expired entry",
        );
        assert.equal(
          await trial.cache.get(`short ${index}`),
          undefined,
          "an entry by a client with a wrong clock did not end",
        );
      }
    },
  },
  {
    id: "CACHE-22",
    title: "writes and reads return the store's time, which does not run backwards",
    async run(trial) {
      const other = await trial.second();
      const times: number[] = [];
      for (let round = 0; round < 30; round++) {
        const client = round % 2 ? trial.cache : other.cache;
        const outcome = await client.set(
          "key",
          "value",
          round % 3 === 0 && trial.facts.conditionalWrites ? { ifVersion: "absent" } : {},
        );
        times.push(outcome.storeNowMs, (await client.get("key"))?.storeNowMs ?? Number.NaN);
        if (round === 15) await trial.elapse(20);
      }
      for (const [index, time] of times.entries()) {
        assert(Number.isFinite(time), `the store's time was ${time}`);
        assert(
          time >= (times[index - 1] ?? 0),
          `the store's time went from ${times[index - 1]} to ${time}`,
        );
      }
      assert((times.at(-1) ?? 0) - (times[0] ?? 0) >= 19, "the store's time stands still");
    },
  },
  {
    id: "CACHE-25",
    title: "times to live are rounded up where the store keeps coarse times",
    needs: ["coarseTtl"],
    async run(trial) {
      const { cache, facts } = trial;
      const ttlMs = facts.ttlGranularityMs + Math.ceil(facts.ttlGranularityMs / 10);
      for (let round = 0; round < 3; round++) {
        await trial.elapse(facts.ttlGranularityMs / 3);
        const alive = await justBefore(
          trial,
          ttlMs,
          () => cache.set("key", "value", { ttlMs }),
          () => cache.get("key"),
        );
        assert(alive, `an entry ended before its ${ttlMs} ms had passed`);
      }
    },
  },
  {
    id: "CACHE-26",
    title: "the reader of an expired entry does not remove a value that was written since",
    timeoutMs: 240_000,
    async run(trial) {
      const { cache } = trial;
      const other = await trial.second();
      const ttlMs = shortTtlMs(trial);
      // More rounds make the race likelier. Two must do where a time to live takes seconds.
      const rounds = trial.facts.ttlGranularityMs < 1_000 ? 5 : 2;
      for (let round = 0; round < rounds; round++) {
        await cache.set("key", "old", { ttlMs });
        await trial.elapse(surelyGoneMs(trial, ttlMs));
        const reads = Array.from({ length: 8 }, () => other.cache.get("key"));
        const writing = cache.set("key", "new");
        const moreReads = Array.from({ length: 8 }, () => other.cache.get("key"));
        await Promise.all([...reads, writing, ...moreReads]);
        await trial.elapse(1);
        assert.equal(
          (await cache.get("key"))?.value,
          "new",
          "a reader of the expired entry removed the new one",
        );
      }
    },
  },
  {
    id: "CACHE-27",
    title: "a time to live of 0 or less never means forever",
    async run({ cache }) {
      for (const ttlMs of [0, -1, -60_000]) {
        await refused(
          () => cache.set("key", "value", { ttlMs }),
          "CONFIGURATION",
          `ttlMs ${ttlMs}`,
        );
        assert.equal(await cache.get("key"), undefined);
      }
    },
  },
  {
    id: "CACHE-28",
    title: "a time to live above 2^31 ms, 30 days or a century is kept unchanged",
    async run(trial) {
      const { cache, facts } = trial;
      for (const ttlMs of [
        2 ** 31 + 1,
        30 * dayMs + 1_000,
        31 * dayMs,
        2 ** 32 + 1_000,
        36_525 * dayMs,
      ]) {
        await cache.set("key", "value", { ttlMs });
        await trial.elapse(5);
        const left = (await cache.get("key"))?.ttlMs;
        assert(left !== undefined, `an entry with ttlMs ${ttlMs} is gone, or lasts forever`);
        assert(
          left <= ttlMs && left > ttlMs - 10_000 - facts.ttlGranularityMs,
          `${left} ms left of ${ttlMs}`,
        );
      }
    },
  },
  {
    id: "CACHE-29",
    title: "an entry without a time to live has no hidden one",
    async run({ cache, second }) {
      await cache.set("key", "value");
      const entry = await (await second()).cache.get("key");
      assert(entry && "ttlMs" in entry);
      assert.equal(entry.ttlMs, undefined);
    },
  },
];
