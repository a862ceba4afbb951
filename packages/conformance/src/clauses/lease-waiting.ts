import assert from "node:assert/strict";
import { delay } from "@lingpai/core";
import type { Clause } from "../clause.ts";
import { granted, refused } from "../trial/expect.ts";
import { altered, logged, spyClock, withoutPush, withoutTimers } from "../trial/spies.ts";
import { median, promptMs, shortTtlMs } from "../trial/timing.ts";

const ttlMs = 60_000;

/** Clauses about waiting for a lease that another owner holds. */
export const leaseWaiting: readonly Clause[] = [
  {
    id: "LEASE-01",
    title: "32 waiters in two processes all get the lock, one at a time, each once",
    needs: ["locks"],
    alone: true,
    async run({ lock, second, clock, settle, core: { withLease } }) {
      const other = (await second()).lock;
      const served: number[] = [];
      let inside = 0;
      const waiters = Array.from({ length: 32 }, (_, index) =>
        withLease(index % 2 ? lock : other, "name", { ttlMs, waitMs: 30_000, clock }, async () => {
          inside += 1;
          assert.equal(inside, 1, "two holders at once");
          served.push(index);
          await delay(clock, 2);
          inside -= 1;
        }),
      );
      await settle(Promise.all(waiters), 15_000);
      assert.deepEqual(
        [...served].sort((one, next) => one - next),
        Array.from({ length: 32 }, (_, index) => index),
      );
    },
  },
  {
    id: "LEASE-02",
    title: "the next waiter gets the lock promptly, because the backend notifies it of the release",
    needs: ["locks", "pushesReleases"],
    alone: true,
    async run({ lock, second, clock, facts, elapse, settle, random, core: { acquire } }) {
      const other = (await second()).lock;
      const handoversMs: number[] = [];
      const callsMs: number[] = [];
      for (let round = 0; round < 21; round++) {
        const [from, to] = round % 2 ? [lock, other] : [other, lock];
        const held = await settle(acquire(from, "name", { ttlMs, waitMs: 10_000, clock }), 1_000);
        // Its timers never fire, so it retries only when it is notified.
        const next = acquire(to, "name", { ttlMs, waitMs: 10_000, clock: withoutTimers(clock) });
        await elapse(15);
        const calledMs = clock.monotonicMs();
        assert.equal((await to.tryAcquire("name", random.id(), 1)).acquired, false);
        const startMs = clock.monotonicMs();
        callsMs.push(startMs - calledMs);
        await held.release();
        const lease = await settle(next, 1_000);
        handoversMs.push(clock.monotonicMs() - startMs);
        await lease.release();
      }
      const [handoverMs, callMs] = [median(handoversMs), median(callsMs)];
      const limitMs = promptMs(facts, 5, callMs);
      assert(
        handoverMs < limitMs,
        `the median handover took ${handoverMs} ms, the median call ${callMs} ms`,
      );
    },
  },
  {
    id: "LEASE-03",
    title: "waiting ends without push too, with bounded and jittered polling",
    needs: ["locks"],
    async run({ lock, second, clock, elapse, facts, settle, random, until, core: { acquire } }) {
      const { lock: asking, log } = logged(withoutPush((await second()).lock), clock);
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, ttlMs));
      const askedMs: number[] = [];
      const timed = altered(asking, {
        tryAcquire(name, by, forMs) {
          askedMs.push(clock.monotonicMs());
          return asking.tryAcquire(name, by, forMs);
        },
      });
      const waiting = acquire(timed, "name", { ttlMs, waitMs: 10_000, clock });
      await elapse(600);
      assert(log.tries <= 30, `asked ${log.tries} times in 600 ms: a polling storm`);
      // Less frequent polling would not show jitter reliably.
      await until("the lock is asked for five times", () => log.tries >= 5, facts.toleranceMs * 25);
      await lock.release("name", owner);
      const lease = await settle(waiting, 600);
      // The second try follows at once, because a release before the subscription would be missed.
      const gaps = askedMs.slice(2).map((ms, index) => Math.round(ms - (askedMs[index + 1] ?? 0)));
      assert(new Set(gaps).size > 1, `asked every ${gaps[0]} ms, without jitter`);
      await lease.release();
    },
  },
  {
    id: "LEASE-04",
    title: "waiting ends with LOCK_TIMEOUT within a tenth of waitMs, and waitMs 0 never waits",
    needs: ["locks"],
    async run({ lock, second, clock, facts, settle, random, core: { acquire } }) {
      granted(await lock.tryAcquire("name", random.id(), ttlMs));
      const { lock: other, log } = logged((await second()).lock, clock);
      // The first call of a client also connects it.
      await other.tryAcquire("name", random.id(), 1);
      for (const waitMs of [0, 300]) {
        const startMs = clock.monotonicMs();
        // The single call of a wait of 0 takes time on a slow machine, too.
        const withinMs = Math.max(waitMs * 1.1, facts.toleranceMs * 5);
        log.tries = 0;
        await refused(
          () => settle(acquire(other, "name", { ttlMs, waitMs, clock }), withinMs),
          "LOCK_TIMEOUT",
          `waitMs ${waitMs}`,
        );
        if (waitMs === 0) assert.equal(log.tries, 1, "waitMs 0 asked more than once");
        const waitedMs = clock.monotonicMs() - startMs;
        assert(waitedMs >= waitMs - 1, `gave up after ${waitedMs} ms of ${waitMs}`);
      }
    },
  },
  {
    id: "LEASE-05",
    title: "an aborted wait leaves no subscription, no timer and no lock",
    needs: ["locks"],
    async run({ lock, second, clock, elapse, settle, random, until, core: { acquire } }) {
      const { lock: asking, log } = logged((await second()).lock, clock);
      const watched = spyClock(clock);
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, ttlMs));
      const controller = new AbortController();
      const reason = new Error("not wanted any more");
      const waiting = acquire(asking, "name", {
        ttlMs,
        waitMs: 10_000,
        clock: watched,
        signal: controller.signal,
      });
      const outcome = waiting.then(
        () => assert.fail("an aborted wait was granted"),
        (error: unknown) => error,
      );
      await elapse(50);
      controller.abort(reason);
      assert.equal(await settle(outcome, 100), reason);
      await until("the subscription ends", () => log.listening === 0, 500);
      await until("no timer is left", () => watched.pending.size === 0, 500);
      await lock.release("name", owner);
      await elapse(20);
      granted(await lock.tryAcquire("name", random.id(), ttlMs), "after the holder's release");
    },
  },
  {
    id: "LEASE-09",
    title: "a waiter that died or gave up does not block those behind it",
    needs: ["locks"],
    async run({ lock, second, clock, elapse, settle, random, core: { acquire } }) {
      const dying = await second();
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, ttlMs));
      const giveUp = new AbortController();
      const dead = acquire(dying.lock, "name", { ttlMs: 500, waitMs: 200, clock });
      const aborted = acquire(lock, "name", {
        ttlMs,
        waitMs: 30_000,
        clock,
        signal: giveUp.signal,
      });
      const waiting = acquire(lock, "name", { ttlMs, waitMs: 30_000, clock });
      const gone = [dead, aborted].map((wait) =>
        wait.then(
          () => assert.fail("it was granted"),
          () => {},
        ),
      );
      await elapse(30);
      giveUp.abort();
      await dying.close();
      await elapse(250);
      await lock.release("name", owner);
      const lease = await settle(waiting, 2_000);
      await settle(Promise.all(gone), 1_000);
      await lease.release();
    },
  },
  {
    id: "LEASE-10",
    title: "a lost wake-up message costs at most one lease",
    needs: ["locks", "pushesReleases"],
    async run(trial) {
      const { lock, clock, settle, random, core } = trial;
      const deaf = altered((await trial.second()).lock, { onRelease: async () => async () => {} });
      const [owner, leaseMs] = [random.id(), shortTtlMs(trial) * 2];
      granted(await lock.tryAcquire("name", owner, leaseMs));
      const waiting = core.acquire(deaf, "name", { ttlMs, waitMs: 30_000, clock });
      await trial.elapse(20);
      await lock.release("name", owner);
      await (await settle(waiting, leaseMs + trial.facts.ttlGranularityMs + 20)).release();
    },
  },
  {
    id: "LEASE-13",
    title: "an aborted waiter never ends up with the lock",
    needs: ["locks"],
    async run({ lock, second, clock, elapse, until, random, core: { acquire } }) {
      const other = (await second()).lock;
      for (let turns = 0; turns < 24; turns++) {
        const name = `name ${turns}`;
        const owner = random.id();
        granted(await lock.tryAcquire(name, owner, ttlMs));
        const controller = new AbortController();
        const waiting = acquire(other, name, {
          ttlMs,
          waitMs: 10_000,
          clock,
          signal: controller.signal,
        });
        const outcome = waiting.then(
          (lease) => lease.release(),
          () => false,
        );
        await elapse(turns % 3);
        void lock.release(name, owner);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        controller.abort();
        await outcome;
        await until(
          "the lock is free again",
          async () => (await lock.tryAcquire(name, random.id(), 1)).acquired,
          2_000,
        );
      }
    },
  },
  {
    id: "LEASE-17",
    title: "a release between the failed try and the subscription is not missed",
    needs: ["locks", "pushesReleases"],
    async run({ lock, second, clock, settle, random, core: { acquire } }) {
      const inner = (await second()).lock;
      const owner = random.id();
      granted(await lock.tryAcquire("name", owner, ttlMs));
      const late = altered(inner, {
        async onRelease(name, listener) {
          assert.equal(await lock.release("name", owner), true);
          return inner.onRelease?.(name, listener) ?? assert.fail("the lock has no onRelease");
        },
      });
      await (await settle(acquire(late, "name", { ttlMs, waitMs: 10_000, clock }), 500)).release();
    },
  },
  {
    id: "LEASE-18",
    title: "a waiter is woken when a lease ends without a release",
    needs: ["locks"],
    async run(trial) {
      const { lock, clock, settle, random, facts, core } = trial;
      const leaseMs = shortTtlMs(trial) * 2;
      const startMs = clock.monotonicMs();
      granted(await lock.tryAcquire("name", random.id(), leaseMs));
      const lease = await settle(
        core.acquire((await trial.second()).lock, "name", { ttlMs, waitMs: 30_000, clock }),
        leaseMs + facts.ttlGranularityMs + 1_000,
      );
      const waitedMs = clock.monotonicMs() - startMs;
      // The store's clock may be late, too.
      assert(
        waitedMs >= leaseMs - 1 - facts.toleranceMs,
        `granted after ${waitedMs} ms of a lease of ${leaseMs}`,
      );
      await lease.release();
    },
  },
  {
    id: "LEASE-22",
    title: "two locks over one client are two owners",
    needs: ["locks"],
    async run({ lock, again, clock, settle, core: { acquire, tryLease } }) {
      const other = (await again()).lock;
      const lease = await settle(acquire(lock, "name", { ttlMs, waitMs: 0, clock }), 1_000);
      for (const asking of [other, lock]) {
        const outcome = await settle(tryLease(asking, "name", { ttlMs, clock }), 1_000);
        assert.equal(outcome.acquired, false, "two holders in one process");
      }
      assert.equal(await lease.release(), true);
    },
  },
  {
    id: "LEASE-23",
    title: "waiting without push ends within a tenth of waitMs, too",
    needs: ["locks"],
    async run({ lock, second, clock, settle, random, core: { acquire } }) {
      granted(await lock.tryAcquire("name", random.id(), ttlMs));
      const polling = withoutPush((await second()).lock);
      await polling.tryAcquire("name", random.id(), 1);
      await refused(
        () => settle(acquire(polling, "name", { ttlMs, waitMs: 300, clock }), 330),
        "LOCK_TIMEOUT",
        "waiting without push",
      );
    },
  },
];
