import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import {
  all,
  busy,
  granted,
  inParallel,
  oddNamesUpTo,
  untilAnswered,
  written,
} from "../trial/expect.ts";

const spread = Array.from({ length: 200 }, (_, index) => `key ${index}`);

/** Clauses about names that are spread over several primaries. */
export const cluster: readonly Clause[] = [
  {
    id: "CLUSTER-01",
    title:
      "entry, lock, fence and sharded channel of one name are in one slot, for any prefix and name",
    needs: ["cluster"],
    async run({ cluster: controls, path, facts }) {
      const names = oddNamesUpTo(facts.maxKeyBytes);
      const slots = new Set<number>();
      for (const [index, name] of names.entries()) {
        for (const at of [
          [],
          path,
          [...path, name],
          [names[(index + 7) % names.length] ?? "", name],
        ]) {
          const places = controls.placesOf(at, name);
          assert(places.length >= (facts.locks ? 2 : 1), "the fixture names no places");
          const used = new Set(places.map((place) => controls.slot(place)));
          assert.equal(
            used.size,
            1,
            `${JSON.stringify([...at, name])} uses the slots ${[...used].join(", ")}`,
          );
          for (const slot of used) slots.add(slot);
        }
      }
      assert(slots.size > names.length / 4, `all names share ${slots.size} slots`);
    },
  },
  {
    id: "CLUSTER-02",
    title:
      "every operation works for names in any slot, and clear() and keys() visit every primary",
    needs: ["cluster"],
    async run({ cache, lock, facts, random }) {
      await inParallel(spread, 16, async (key) => {
        const version = written(await cache.set(key, "value"));
        if (facts.conditionalWrites)
          written(await cache.set(key, "next", { ifVersion: version, ttlMs: 600_000 }));
        assert.equal((await cache.get(key))?.value, facts.conditionalWrites ? "next" : "value");
        if (!facts.locks) return;
        const owner = random.id();
        granted(await lock.tryAcquire(key, owner, 60_000));
        assert.equal(await lock.extend(key, owner, 60_000), true);
        assert.equal(await lock.release(key, owner), true);
      });
      if (!facts.enumerable) return;
      assert.deepEqual((await all(cache.keys())).sort(), [...spread].sort());
      assert.equal(await cache.clear(), spread.length);
      assert.deepEqual(await all(cache.keys()), []);
      for (const key of spread)
        assert.equal(await cache.get(key), undefined, `${key} was not cleared`);
    },
  },
  {
    id: "CLUSTER-03",
    title: "the move of a slot has no visible effect, neither during it nor afterwards",
    needs: ["cluster"],
    alone: true,
    timeoutMs: 240_000,
    async run({ cache, lock, cluster: controls, path, facts, random }) {
      const owner = random.id();
      let version = written(await cache.set("key", "0"));
      if (facts.locks) granted(await lock.tryAcquire("key", owner, 60_000));
      const check = async (round: number): Promise<void> => {
        assert.equal((await cache.get("key"))?.version, version);
        version = written(
          await cache.set(
            "key",
            String(round),
            facts.conditionalWrites ? { ifVersion: version } : {},
          ),
        );
        version = written(await cache.set("key", String(round), { ttlMs: 600_000 }));
        if (!facts.locks) return;
        assert.equal(await lock.extend("key", owner, 60_000), true);
        busy(await lock.tryAcquire("key", random.id(), 1_000));
      };
      await controls.beginMove(path, "key");
      try {
        await check(1);
      } finally {
        await controls.endMove(path, "key");
      }
      await check(2);
      if (facts.enumerable) assert.deepEqual(await all(cache.keys()), ["key"]);
      if (facts.locks) assert.equal(await lock.release("key", owner), true);
    },
  },
  {
    id: "CLUSTER-04",
    title:
      "names of a killed primary are unavailable, never missing, and then correct, with rising fences",
    needs: ["cluster", "replicated"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { cache, lock, server, path, facts, random, elapse } = trial;
      trial.expectDataLoss();
      const version = written(await cache.set("key", "value"));
      const fence = facts.locks ? granted(await lock.tryAcquire("key", random.id(), 500)) : 0;
      await elapse(500);
      assert(server.failOver, "the fixture has no server.failOver()");
      let failing = true;
      const failover = server.failOver(path, "key").finally(() => {
        failing = false;
      });
      while (failing) {
        const seen = await cache
          .get("key")
          .catch((error: unknown) =>
            error instanceof Error && "code" in error ? error.code : error,
          );
        assert(
          seen === "CACHE_UNAVAILABLE" ||
            (typeof seen === "object" &&
              seen !== null &&
              "version" in seen &&
              seen.version === version),
          `during the failover get gave ${String(seen)}`,
        );
        await elapse(20);
      }
      await failover;
      assert.equal((await untilAnswered(trial, () => cache.get("key")))?.version, version);
      written(await untilAnswered(trial, () => cache.set("key", "after")));
      if (!facts.locks || !facts.fencing) return;
      const next = granted(
        await untilAnswered(trial, () => lock.tryAcquire("key", random.id(), 60_000)),
      );
      assert(next > fence, `${next} after ${fence} and a failover`);
    },
  },
  {
    id: "CLUSTER-05",
    title: "no read is served by a replica",
    needs: ["cluster", "replicated"],
    alone: true,
    async run({ cache, lock, cluster: controls, facts, random }) {
      const before = await controls.replicaReads();
      await inParallel(spread, 16, async (key) => {
        await cache.set(key, "value");
        assert.equal((await cache.get(key))?.value, "value");
        if (facts.locks) await lock.tryAcquire(key, random.id(), 1_000);
      });
      if (facts.enumerable) await all(cache.keys());
      assert.equal((await controls.replicaReads()) - before, 0, "replicas have served reads");
    },
  },
  {
    id: "CLUSTER-06",
    title: "changes and releases are pushed again after a failover",
    needs: ["cluster", "replicated", "pushesChanges"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { cache, server, path, until } = trial;
      trial.expectDataLoss();
      const watcher = await trial.second();
      const notified: (string | undefined)[] = [];
      await watcher.cache.watch?.((key) => notified.push(key));
      await cache.set("key", "before");
      await until("the watcher is notified", () => notified.includes("key"), 2_000);
      assert(server.failOver, "the fixture has no server.failOver()");
      await server.failOver(path, "key");
      await untilAnswered(trial, () => cache.set("key", "after"));
      let count = 0;
      const isNotifiedAgain = async (): Promise<boolean> => {
        const key = `later ${(count += 1)}`;
        await cache.set(key, "value").catch(() => {});
        await trial.elapse(50);
        return notified.includes(key);
      };
      await until("the watcher is notified again", isNotifiedAgain, 20_000);
    },
  },
  {
    id: "CLUSTER-07",
    title:
      "a client of another copy of the driver's package works, because nothing checks its class",
    needs: ["cluster"],
    async run(trial) {
      const client = trial.adopt(await trial.cluster.lookalike());
      await inParallel(spread.slice(0, 20), 8, (key) => client.cache.set(key, "value"));
      if (trial.facts.locks)
        granted(await client.lock.tryAcquire("name", trial.random.id(), 60_000));
      if (!trial.facts.enumerable) return;
      assert.equal((await all(client.cache.keys())).length, 20);
      assert.equal(await client.cache.clear(), 20);
    },
  },
];
