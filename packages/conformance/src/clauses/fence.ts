import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { conflict, granted, refused, untilAnswered, written } from "../trial/expect.ts";
import { shortTtlMs, surelyGoneMs } from "../trial/timing.ts";

const leaseMs = 60_000;

/** Clauses about fences: numbers that rise with every new holder, even after lost data. */
export const fence: readonly Clause[] = [
  {
    id: "FENCE-01",
    title: "each new holder has a strictly higher fence",
    needs: ["locks", "fencing"],
    async run({ lock, random }) {
      let last = 0;
      for (let round = 0; round < 20; round++) {
        const owner = random.id();
        const next = granted(await lock.tryAcquire("name", owner, leaseMs));
        assert(next > last, `${next} after ${last}`);
        last = next;
        await lock.release("name", owner);
      }
    },
  },
  {
    id: "FENCE-02",
    title: "fences rise after expiry without a release, and after the holder's process has ended",
    needs: ["locks", "fencing"],
    async run(trial) {
      const { lock, random } = trial;
      const ttlMs = shortTtlMs(trial);
      const gone = await trial.second();
      const first = granted(await gone.lock.tryAcquire("name", random.id(), ttlMs));
      await gone.close();
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      const next = granted(await lock.tryAcquire("name", random.id(), ttlMs), "after expiry");
      assert(next > first, `${next} after ${first}`);
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      const last = granted(
        await (await trial.second()).lock.tryAcquire("name", random.id(), ttlMs),
        "after the next expiry",
      );
      assert(last > next, `${last} after ${next}`);
    },
  },
  {
    id: "FENCE-03",
    title: "fences rise across a failover",
    needs: ["locks", "fencing", "replicated"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { lock, random, path, server } = trial;
      trial.expectDataLoss();
      const before = [granted(await lock.tryAcquire("name", random.id(), 1_000))];
      assert(server.failOver, "the fixture has no server.failOver()");
      await server.failOver(path, "name");
      await trial.elapse(1_000);
      const after = granted(
        await untilAnswered(trial, () => lock.tryAcquire("name", random.id(), leaseMs)),
        "after the failover",
      );
      assert(after > Math.max(...before), `${after} after ${before.at(-1)}`);
    },
  },
  {
    id: "FENCE-04",
    title: "two clients agree on the order of fences",
    needs: ["locks", "fencing"],
    async run({ lock, second, random, elapse }) {
      const clients = [
        lock,
        (await second()).lock,
        (await second({ clockShiftMs: -3_600_000 })).lock,
      ];
      let last = 0;
      for (let round = 0; round < 30; round++) {
        const [client, owner] = [clients[round % clients.length] ?? lock, random.id()];
        const next = granted(await client.tryAcquire("name", owner, leaseMs));
        assert(next > last, `${next} after ${last}`);
        last = next;
        assert.equal(await client.release("name", owner), true);
        if (round % 10 === 9) await elapse(2);
      }
    },
  },
  {
    id: "FENCE-05",
    title: "the fences of different names are independent",
    needs: ["locks", "fencing"],
    async run({ lock, random }) {
      const owner = random.id();
      const mine = granted(await lock.tryAcquire("mine", owner, leaseMs));
      for (let round = 0; round < 20; round++) {
        const other = random.id();
        granted(await lock.tryAcquire("other", other, leaseMs));
        await lock.release("other", other);
      }
      assert.equal(
        granted(await lock.tryAcquire("mine", owner, leaseMs), "the holder, asking again"),
        mine,
      );
      assert.equal(await lock.release("mine", owner), true);
      assert(granted(await lock.tryAcquire("mine", random.id(), leaseMs)) > mine);
    },
  },
  {
    id: "FENCE-06",
    title: "a conditional write with a lower fence never overwrites one with a higher fence",
    needs: ["locks", "fencing", "conditionalWrites"],
    async run(trial) {
      const { cache, lock, random } = trial;
      const ttlMs = shortTtlMs(trial);
      written(await cache.set("record", "0"));
      granted(await lock.tryAcquire("name", random.id(), ttlMs));
      const readByOld = (await cache.get("record"))?.version ?? assert.fail("the record is gone");
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      const higher = granted(await lock.tryAcquire("name", random.id(), leaseMs));
      const readByNew = (await cache.get("record"))?.version ?? assert.fail("the record is gone");
      written(await cache.set("record", String(higher), { ifVersion: readByNew }));
      conflict(
        await cache.set("record", "the old holder's", { ifVersion: readByOld }),
        "the old holder's write",
      );
      assert.equal((await cache.get("record"))?.value, String(higher));
    },
  },
  {
    id: "FENCE-07",
    title: "a fence survives release and clear()",
    needs: ["locks", "fencing", "enumerable"],
    async run({ cache, lock, random, path, rootCache }) {
      let last = 0;
      for (const clearing of [
        cache,
        rootCache.at(path.slice(0, -1)).withPrefix(path.at(-1) ?? ""),
        cache.withPrefix("name"),
      ]) {
        const owner = random.id();
        const next = granted(await lock.tryAcquire("name", owner, leaseMs));
        assert(next > last, `${next} after ${last}`);
        assert.equal(await lock.release("name", owner), true);
        await clearing.clear();
        const after = random.id();
        last = granted(await lock.tryAcquire("name", after, leaseMs));
        assert(last > next, `${last} after ${next} and clear()`);
        await lock.release("name", after);
      }
    },
  },
  {
    id: "FENCE-08",
    title: "fences are above 2^31 and stay exact",
    needs: ["locks", "fencing"],
    async run({ lock, random }) {
      const [first, next] = [random.id(), random.id()];
      const low = granted(await lock.tryAcquire("name", first, leaseMs));
      assert(
        low > 2 ** 31,
        `${low} is no instant in ms: a counter that is lost would start again below it`,
      );
      await lock.release("name", first);
      const high = granted(await lock.tryAcquire("name", next, leaseMs));
      assert(high > low && high - low < 2 ** 31, `${high} after ${low}`);
    },
  },
  {
    id: "FENCE-09",
    title: "an adapter without fences throws when they are required",
    needs: ["unfenced"],
    async run({ demandFencing }) {
      await refused(demandFencing, "LOCK_UNSUPPORTED", "a lock of which fences are demanded");
    },
  },
  {
    id: "FENCE-10",
    title: "fences rise after the counter was deleted or evicted",
    needs: ["locks", "fencing", "foreignWriters", "storeClock"],
    async run({ lock, raw, path, random, elapse }) {
      const owner = random.id();
      const before = granted(await lock.tryAcquire("name", owner, leaseMs));
      await lock.release("name", owner);
      await elapse(2);
      for (const place of [raw.lock, raw.fence]) if (place) await raw.remove(place(path, "name"));
      const after = granted(await lock.tryAcquire("name", random.id(), leaseMs), "after the loss");
      assert(after > before, `${after} after ${before} and a lost counter`);
    },
  },
  {
    id: "FENCE-11",
    title: "fences rise across a restart of the server",
    needs: ["locks", "fencing", "restartable"],
    alone: true,
    timeoutMs: 240_000,
    async run(trial) {
      const { lock, random, server, facts } = trial;
      if (facts.persistence !== "server") trial.expectDataLoss();
      const owner = random.id();
      const before = granted(await lock.tryAcquire("name", owner, leaseMs));
      await lock.release("name", owner);
      assert(server.restart, "the fixture has no server.restart()");
      await server.restart();
      const after = granted(
        await untilAnswered(trial, () => lock.tryAcquire("name", random.id(), leaseMs)),
        "after the restart",
      );
      assert(after > before, `${after} after ${before} and a restart`);
    },
  },
  {
    id: "FENCE-12",
    title: "a new holder's fence is not below the store's time before its grant",
    needs: ["locks", "fencing"],
    async run({ cache, lock, random }) {
      const { storeNowMs } = await cache.set("key", "value");
      const number = granted(await lock.tryAcquire("name", random.id(), leaseMs));
      assert(
        number >= Math.floor(storeNowMs),
        `the fence ${number} is behind the store's time ${storeNowMs}`,
      );
    },
  },
];
