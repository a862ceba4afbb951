import assert from "node:assert/strict";
import type { Clause } from "../clause.ts";
import { busy, granted } from "../trial/expect.ts";
import { inTime, justBefore, shortTtlMs, surelyGoneMs } from "../trial/timing.ts";

/** Clauses about the end of leases. */
export const lockTime: readonly Clause[] = [
  {
    id: "LOCK-02",
    title: "a refused try returns how long the holder has left, never more than the lease",
    needs: ["locks"],
    async run({ lock, second, random, elapse, clock, facts }) {
      const ttlMs = 60_000;
      const startMs = clock.monotonicMs();
      granted(await lock.tryAcquire("name", random.id(), ttlMs));
      const first = busy(await (await second()).lock.tryAcquire("name", random.id(), 5));
      await elapse(30 + facts.ttlGranularityMs);
      const next = busy(await lock.tryAcquire("name", random.id(), 600_000));
      const passedMs = clock.monotonicMs() - startMs;
      assert(
        first <= ttlMs && next <= ttlMs - 29,
        `${first} and ${next} ms left of ${ttlMs} after ${passedMs}`,
      );
      assert(
        next >= ttlMs - passedMs - facts.ttlGranularityMs - 1,
        `${next} ms left of ${ttlMs} after ${passedMs}`,
      );
    },
  },
  {
    id: "LOCK-04",
    title:
      "an expired lock is granted to the next owner, who can extend and release it; the old holder can do nothing",
    needs: ["locks"],
    async run(trial) {
      const { lock, random } = trial;
      const other = (await trial.second()).lock;
      const ttlMs = shortTtlMs(trial);
      const [old, next] = [random.id(), random.id()];
      granted(await lock.tryAcquire("name", old, ttlMs));
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      granted(await other.tryAcquire("name", next, 60_000), "after expiry");
      assert.equal(await lock.extend("name", old, 60_000), false, "the old holder extended");
      assert.equal(await lock.release("name", old), false, "the old holder released");
      busy(await lock.tryAcquire("name", old, 60_000), "the old holder, asking again");
      assert.equal(await other.extend("name", next, 60_000), true, "the new holder cannot extend");
      busy(await lock.tryAcquire("name", random.id(), 1_000));
      assert.equal(await other.release("name", next), true, "the new holder cannot release");
      granted(await lock.tryAcquire("name", random.id(), 1_000), "after the new holder's release");
    },
  },
  {
    id: "LOCK-07",
    title: "extend() counts from now, and never shortens a lease",
    needs: ["locks"],
    async run(trial) {
      const { lock, random } = trial;
      const ttlMs = shortTtlMs(trial);
      const owner = random.id();
      granted(await lock.tryAcquire("long", owner, 60_000));
      assert.equal(await lock.extend("long", owner, 1_000), true);
      assert(
        busy(await lock.tryAcquire("long", random.id(), 1)) > 50_000,
        "extend by less shortened the lease",
      );
      granted(await lock.tryAcquire("long", owner, 1_000), "asking again for less");
      assert(
        busy(await lock.tryAcquire("long", random.id(), 1)) > 50_000,
        "asking again for less shortened the lease",
      );
      granted(await lock.tryAcquire("prolonged", owner, 30_000));
      assert.equal(await lock.extend("prolonged", owner, 90_000), true);
      const leftMs = busy(await lock.tryAcquire("prolonged", random.id(), 1));
      assert(leftMs <= 90_000, `extending by 90 s left ${leftMs} ms: it counts from the old end`);
      assert(leftMs > 80_000, `extending by 90 s left ${leftMs} ms`);
      let short = "";
      const outcome = await justBefore(
        trial,
        ttlMs,
        async () => {
          const firstMs = Math.ceil(ttlMs * 0.6);
          await inTime(trial, firstMs, async () => {
            short = random.id();
            granted(await lock.tryAcquire(short, owner, firstMs));
            assert.equal(await lock.extend(short, owner, ttlMs), true);
          });
        },
        () => lock.tryAcquire(short, random.id(), 1),
      );
      assert(!outcome.acquired, "a lease that was extended ended early");
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      granted(await lock.tryAcquire(short, random.id(), 1_000), "after the extended lease");
    },
  },
  {
    id: "LOCK-08",
    title: "extend() after expiry is refused, even if nobody took the lock over",
    needs: ["locks"],
    async run(trial) {
      const { lock, random } = trial;
      const ttlMs = shortTtlMs(trial);
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, ttlMs));
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      assert.equal(await lock.extend("name", owner, 60_000), false, "an expired lease was revived");
      assert.equal(await lock.release("name", owner), false, "an expired lease was released");
      granted(await lock.tryAcquire("name", random.id(), 1_000));
    },
  },
  {
    id: "LOCK-13",
    title: "no lease outlives its time to live after its process is gone",
    needs: ["locks"],
    async run(trial) {
      const { lock, random } = trial;
      const ttlMs = shortTtlMs(trial) * 2;
      const names = await inTime(trial, ttlMs, async () => {
        const [plain, extended, owner] = [random.id(), random.id(), random.id()];
        const gone = await trial.second();
        granted(await gone.lock.tryAcquire(plain, owner, ttlMs));
        granted(await gone.lock.tryAcquire(extended, owner, ttlMs));
        assert.equal(await gone.lock.extend(extended, owner, ttlMs), true);
        await gone.close();
        for (const name of [plain, extended]) {
          const leftMs = busy(await lock.tryAcquire(name, random.id(), 1_000), name);
          assert(leftMs <= ttlMs + trial.facts.ttlGranularityMs, `${leftMs} ms left of ${ttlMs}`);
        }
        return [plain, extended];
      });
      await trial.elapse(surelyGoneMs(trial, ttlMs));
      for (const name of names)
        granted(await lock.tryAcquire(name, random.id(), 1_000), "after its holder's end");
    },
  },
  {
    id: "LOCK-18",
    title: "the store ends a lease: clients whose clock is a day off see the same",
    needs: ["locks", "storeClock"],
    async run(trial) {
      const { lock, random } = trial;
      const ttlMs = shortTtlMs(trial);
      for (const clockShiftMs of [86_400_000, -86_400_000]) {
        const off = (await trial.second({ clockShiftMs })).lock;
        const [name, owner] = [`shift ${clockShiftMs}`, random.id()];
        granted(await lock.tryAcquire(name, owner, 60_000));
        assert(
          busy(await off.tryAcquire(name, random.id(), 60_000), "a client with a wrong clock") <=
            60_000,
        );
        await lock.release(name, owner);
        granted(await off.tryAcquire(name, random.id(), ttlMs));
        busy(
          await lock.tryAcquire(name, random.id(), 60_000),
          "a lease by a client with a wrong clock",
        );
        await trial.elapse(surelyGoneMs(trial, ttlMs));
        granted(
          await lock.tryAcquire(name, random.id(), 60_000),
          "after the lease of a client with a wrong clock",
        );
      }
    },
  },
];
