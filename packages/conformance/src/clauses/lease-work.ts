import assert from "node:assert/strict";
import { delay, type Lease } from "@lingpai/core";
import type { Clause } from "../clause.ts";
import { granted, refused } from "../trial/expect.ts";
import { altered, logged, spyClock } from "../trial/spies.ts";
import { leaseLengthMs, onSteadyMachine, shortTtlMs, surelyGoneMs } from "../trial/timing.ts";

const ttlMs = 60_000;

/** Clauses about work under a lease, and the lease's end. */
export const leaseWork: readonly Clause[] = [
  {
    id: "LEASE-06",
    title:
      "a lease is extended every third of its term while work runs, ends with its release, and keeps no process alive",
    needs: ["locks"],
    async run(trial) {
      const { clock, settle, elapse, until, random, facts, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (plain) => {
        const { lock, log } = logged(plain, clock);
        const watched = spyClock(clock);
        const startMs = clock.monotonicMs();
        const lease = await settle(
          core.acquire(lock, "name", { ttlMs: leaseMs, waitMs: 0, clock: watched }),
          1_000,
        );
        await elapse(leaseMs * 2 + 1);
        assert.equal(lease.isHeld(), true, "the lease was lost while its holder worked");
        assert.equal(
          (await plain.tryAcquire("name", random.id(), 1)).acquired,
          false,
          "the store ended a lease that is held",
        );
        const times = log.extensions.map((ms) => ms - startMs);
        assert(
          times.length >= 4 && times.length <= 7,
          `extended ${times.length} times in two lengths of the lease`,
        );
        const gapsMs = times.map((ms, index) => ms - (times[index - 1] ?? 0));
        assert(
          Math.min(...gapsMs) >= leaseMs / 3 - facts.toleranceMs - 2,
          `extended after ${Math.min(...gapsMs)} ms of ${leaseMs}`,
        );
        // An extension in flight may keep the process alive; the timer of the next one may not.
        await until(
          "no timer keeps the process alive",
          () => [...watched.pending].every(({ background }) => background),
          1_000,
        );
        assert.equal(await lease.release(), true);
        const count = log.extensions.length;
        await elapse(leaseMs / 2);
        assert.equal(log.extensions.length, count, "a lease that was released was extended");
        // A call in flight has a timer for its deadline.
        await until("no timer is left", () => watched.pending.size === 0, 1_000);
      });
    },
  },
  {
    id: "LEASE-08",
    title: "the caller gets the work's own error, even if the lease was lost and the release fails",
    needs: ["locks"],
    async run(trial) {
      const { clock, settle, elapse, until, core } = trial;
      const failure = new Error("the work's own");
      // A lease that ends before its grant arrives is not granted, so it is long enough for a slow
      // answer.
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        const broken = altered(lock, {
          extend: async () => false,
          release: () => Promise.reject(new Error("the release failed")),
        });
        for (const forget of [false, true]) {
          const work = async ({ signal }: Lease): Promise<never> => {
            if (forget) await until("the lease is lost", () => signal.aborted, leaseMs);
            throw failure;
          };
          const running = core.withLease(
            forget ? broken : lock,
            `name ${forget}`,
            { ttlMs: leaseMs, waitMs: 0, clock },
            work,
          );
          const seen = running.then(
            () => undefined,
            (error: unknown) => error,
          );
          assert.equal(await settle(seen, leaseMs * 2), failure);
        }
      });
      await elapse(1);
    },
  },
  {
    id: "LEASE-11",
    title: "the release happens once, even if the work throws at once",
    needs: ["locks"],
    async run({ lock: plain, clock, settle, random, core: { acquire, withLease } }) {
      const { lock, log } = logged(plain, clock);
      const options = { ttlMs, waitMs: 0, clock };
      const thrown = new Error("at once");
      const running = withLease(lock, "name", options, () => {
        throw thrown;
      });
      assert.equal(
        await settle(
          running.then(
            () => undefined,
            (error: unknown) => error,
          ),
          1_000,
        ),
        thrown,
      );
      assert.equal(log.releases, 1);
      assert.equal(
        await settle(
          withLease(lock, "name", options, () => "result"),
          1_000,
        ),
        "result",
      );
      assert.equal(log.releases, 2);
      const lease = await settle(acquire(lock, "name", options), 1_000);
      assert.deepEqual(await Promise.all([lease.release(), lease.release()]), [true, true]);
      await lease[Symbol.asyncDispose]();
      assert.equal(log.releases, 3);
      granted(await plain.tryAcquire("name", random.id(), ttlMs));
    },
  },
  {
    id: "LEASE-12",
    title: "an acquisition within the work that holds the lock is an error, not a deadlock",
    needs: ["locks"],
    async run({ lock, clock, settle, core: { acquire, withLease } }) {
      const options = { ttlMs, waitMs: 5_000, clock };
      const nested = withLease(lock, "name", options, async () => {
        await refused(() => acquire(lock, "name", options), "LOCK_REENTERED", "acquire within");
        await refused(
          () => withLease(lock, "name", options, () => {}),
          "LOCK_REENTERED",
          "withLease within",
        );
        return withLease(lock, "another name", options, () => "inner");
      });
      assert.equal(await settle(nested, 2_000), "inner");
      assert.equal(
        await settle(
          withLease(lock, "name", options, () => "after"),
          1_000,
        ),
        "after",
      );
    },
  },
  {
    id: "LEASE-21",
    title: "the disposal of a lease releases it once and never hides the body's error",
    needs: ["locks"],
    async run({ lock: plain, clock, settle, random, core: { acquire } }) {
      const { lock, log } = logged(plain, clock);
      // Calls the disposer as `await using` does, because Node 22 cannot parse `await using`.
      const using = async (on: typeof lock, body: (lease: Lease) => void): Promise<void> => {
        const lease = await acquire(on, "name", { ttlMs, waitMs: 0, clock });
        try {
          body(lease);
        } finally {
          await lease[Symbol.asyncDispose]();
        }
      };
      await settle(
        using(lock, (lease) => assert(lease.fence > 0)),
        1_000,
      );
      assert.equal(log.releases, 1);
      const next = random.id();
      granted(await plain.tryAcquire("name", next, ttlMs), "after the body");
      await plain.release("name", next);
      const failure = new Error("the body's");
      const broken = altered(plain, {
        release: () => Promise.reject(new Error("the release failed")),
      });
      const running = using(broken, () => {
        throw failure;
      });
      assert.equal(
        await settle(
          running.then(
            () => undefined,
            (error: unknown) => error,
          ),
          1_000,
        ),
        failure,
      );
      assert.equal(
        (await plain.tryAcquire("name", random.id(), 1)).acquired,
        false,
        "nothing released it",
      );
    },
  },
  {
    id: "LEASE-25",
    title: "50 callers of one failing load under the lock cause one load and share its rejection",
    needs: ["locks"],
    async run({ lock, clock, settle, random, core: { withLease, createSingleFlight } }) {
      const flights = createSingleFlight<string>();
      let loads = 0;
      const load = (): Promise<string> =>
        withLease(lock, "name", { ttlMs, waitMs: 5_000, clock }, async () => {
          loads += 1;
          await delay(clock, 5);
          throw new Error(`load ${loads} failed`);
        });
      const calls = Array.from({ length: 50 }, () =>
        flights.run("name", load).catch((error: unknown) => error),
      );
      const errors = await settle(Promise.all(calls), 5_000);
      assert.equal(loads, 1);
      assert.equal(new Set(errors).size, 1, "callers got different errors");
      assert.equal(
        await settle(
          flights.run("name", async () => "next"),
          100,
        ),
        "next",
        "the failure was kept",
      );
      granted(await lock.tryAcquire("name", random.id(), ttlMs), "after the failed load");
    },
  },
  {
    id: "LEASE-26",
    title: "a lease that its holder no longer extends ends when the store says so",
    needs: ["locks"],
    async run(trial) {
      const { clock, settle, random, core } = trial;
      const leaseMs = shortTtlMs(trial) * 2;
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        const dead = altered(lock, {
          extend: () => new Promise(() => {}),
          release: () => new Promise(() => {}),
        });
        await settle(core.acquire(dead, "name", { ttlMs: leaseMs, waitMs: 0, clock }), 1_000);
        await trial.elapse(surelyGoneMs(trial, leaseMs));
        granted(await lock.tryAcquire("name", random.id(), ttlMs), "after the dead holder's lease");
      });
    },
  },
];
