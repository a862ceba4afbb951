import assert from "node:assert/strict";
import { CacheUnavailableError, delay, type Lock } from "@lingpai/core";
import type { Clause, Trial } from "../clause.ts";
import { granted, refused } from "../trial/expect.ts";
import { altered, spyClock, type SpyClock } from "../trial/spies.ts";
import { leaseLengthMs, onSteadyMachine } from "../trial/timing.ts";

function reasonOf(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason;
  return reason instanceof Error && "code" in reason && "reason" in reason
    ? [reason.code, reason.reason]
    : reason;
}

interface Loss {
  readonly title: string;
  readonly reasons: readonly string[];
  readonly alter: (lock: Lock) => Lock;
  readonly happen: (trial: Trial, clock: SpyClock, leaseMs: number) => Promise<void> | void;
}

const losses: readonly Loss[] = [
  {
    title: "an extension is refused",
    reasons: ["refused"],
    alter: (lock) => altered(lock, { extend: async () => false }),
    happen: (trial, _clock, leaseMs) => trial.elapse(leaseMs / 3 + trial.facts.toleranceMs + 5),
  },
  {
    title: "the connection is lost for longer than the lease",
    reasons: ["expired"],
    alter: (lock) =>
      altered(lock, {
        extend: () =>
          Promise.reject(
            new CacheUnavailableError("The store is away.", { reason: "disconnected" }),
          ),
      }),
    happen: (trial, _clock, leaseMs) => trial.elapse(leaseMs),
  },
  {
    title: "extensions are never answered",
    reasons: ["expired"],
    alter: (lock) => altered(lock, { extend: () => new Promise(() => {}) }),
    happen: (trial, _clock, leaseMs) => trial.elapse(leaseMs),
  },
  {
    title: "the machine slept",
    reasons: ["suspended"],
    alter: (lock) => lock,
    happen: (_trial, clock, leaseMs) => clock.suspend(leaseMs),
  },
];

/** Clauses about how the holder learns that its lease has ended. */
export const leaseLoss: readonly Clause[] = [
  {
    id: "LEASE-07",
    title:
      "the signal aborts when an extension is refused, the store is away too long, the term passes, or the machine slept",
    needs: ["locks"],
    async run(trial) {
      const leaseMs = leaseLengthMs(trial);
      for (const { title, reasons, alter, happen } of losses) {
        await onSteadyMachine(trial, leaseMs, async (lock) => {
          const clock = spyClock(trial.clock);
          const lease = await trial.settle(
            trial.core.acquire(alter(lock), title, { ttlMs: leaseMs, waitMs: 0, clock }),
            1_000,
          );
          assert.equal(lease.signal.aborted, false, `${title}: lost at once`);
          await happen(trial, clock, leaseMs);
          assert.equal(lease.signal.aborted, true, `${title}: the signal did not abort`);
          assert.equal(lease.isHeld(), false);
          assert(
            reasons.some(
              (reason) =>
                JSON.stringify(reasonOf(lease.signal)) === JSON.stringify(["LOCK_LOST", reason]),
            ),
            `${title}: ${String(reasonOf(lease.signal))}`,
          );
          await trial.settle(lease.release(), 1_000);
        });
      }
    },
  },
  {
    id: "LEASE-14",
    title: "the loss signal comes before the last moment at which the store still excludes others",
    needs: ["locks"],
    alone: true,
    async run(trial) {
      const { clock, settle, until, random, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        const cutOff = altered(lock, {
          extend: () =>
            Promise.reject(
              new CacheUnavailableError("The store is away.", { reason: "disconnected" }),
            ),
        });
        const startMs = clock.monotonicMs();
        const lease = await settle(
          core.acquire(cutOff, "name", { ttlMs: leaseMs, waitMs: 0, clock }),
          1_000,
        );
        let reportedMs: number | undefined;
        lease.signal.addEventListener("abort", () => (reportedMs = clock.monotonicMs() - startMs), {
          once: true,
        });
        let isReportedInTime = false;
        // A timer of our own for the lease's end. On a slow machine both fire late, but this one
        // still fires after a signal that is in time.
        const cancel = clock.setTimer(leaseMs - (clock.monotonicMs() - startMs), () => {
          isReportedInTime = reportedMs !== undefined;
        });
        await until("the loss is reported", () => reportedMs !== undefined, leaseMs * 2);
        assert(
          (reportedMs ?? 0) > leaseMs / 2,
          `a lease of ${leaseMs} ms was given up after ${reportedMs}`,
        );
        if (trial.facts.toleranceMs === 0)
          assert.equal(
            (await lock.tryAcquire("name", random.id(), 1)).acquired,
            false,
            "it was reported too late",
          );
        await trial.elapse(Math.max(0, leaseMs - (clock.monotonicMs() - startMs)) + 1);
        cancel();
        assert(
          isReportedInTime,
          `the loss of a lease of ${leaseMs} ms was reported after ${reportedMs}`,
        );
      });
    },
  },
  {
    id: "LEASE-15",
    title: "the release of a lost lease ends within 100 ms and asks the store at most once",
    needs: ["locks"],
    async run(trial) {
      const { clock, settle, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        let releases = 0;
        const away = altered(lock, {
          extend: () =>
            Promise.reject(
              new CacheUnavailableError("The store is away.", { reason: "disconnected" }),
            ),
          release: () => {
            releases += 1;
            return new Promise(() => {});
          },
        });
        const lease = await settle(
          core.acquire(away, "name", { ttlMs: leaseMs, waitMs: 0, clock }),
          1_000,
        );
        await trial.elapse(leaseMs);
        assert.equal(await settle(lease.release(), 100), false);
        await trial.elapse(50);
        assert(releases <= 1, `${releases} releases were sent`);
      });
    },
  },
  {
    id: "LEASE-16",
    title: "a lease that was not granted and a lease that was lost are different errors",
    needs: ["locks"],
    async run(trial) {
      const { lock, clock, settle, random, core } = trial;
      granted(await lock.tryAcquire("held", random.id(), 60_000));
      await refused(
        () =>
          settle(
            core.withLease(lock, "held", { ttlMs: 60_000, waitMs: 0, clock }, () => {}),
            1_000,
          ),
        "LOCK_TIMEOUT",
        "a lock that is held",
      );
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (steady) => {
        const forgotten = altered(steady, { extend: async () => false });
        const working = core.withLease(
          forgotten,
          "lost",
          { ttlMs: leaseMs, waitMs: 0, clock },
          () => delay(clock, leaseMs * 0.7),
        );
        await refused(
          () => settle(working, leaseMs * 2),
          "LOCK_LOST",
          "a lease that was lost under work",
        );
      });
      const away = altered(lock, {
        tryAcquire: () =>
          Promise.reject(
            new CacheUnavailableError("The store is away.", { reason: "disconnected" }),
          ),
      });
      await refused(
        () => settle(core.acquire(away, "name", { ttlMs: 1_000, waitMs: 100, clock }), 3_000),
        "CACHE_UNAVAILABLE",
        "a store that is away",
      );
    },
  },
  {
    id: "LEASE-19",
    title: "an acquisition that took longer than its lease is not held",
    needs: ["locks"],
    async run(trial) {
      const { lock, clock, settle, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      const slow = altered(lock, {
        async tryAcquire(name, owner, ttlMs) {
          const outcome = await lock.tryAcquire(name, owner, ttlMs);
          await delay(clock, leaseMs);
          return outcome;
        },
      });
      const outcome = await settle(
        core.tryLease(slow, "name", { ttlMs: leaseMs, storeDeadlineMs: leaseMs * 4, clock }),
        leaseMs * 8,
      );
      assert.equal(outcome.acquired, false, "a lease that was over when it was granted is held");
    },
  },
  {
    id: "LEASE-20",
    title:
      "the signal is aborted before the work continues when the event loop stood still longer than the lease",
    needs: ["locks"],
    async run(trial) {
      const { settle, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        const clock = spyClock(trial.clock);
        const seen: boolean[] = [];
        const working = core.withLease(
          lock,
          "name",
          { ttlMs: leaseMs, waitMs: 0, clock },
          async ({ signal }) => {
            seen.push(signal.aborted);
            clock.stall(leaseMs);
            seen.push(signal.aborted);
            await Promise.resolve();
            signal.throwIfAborted();
          },
        );
        await refused(() => settle(working, 1_000), "LOCK_LOST", "work under a lease that is over");
        assert.deepEqual(seen, [false, true]);
      });
    },
  },
  {
    id: "LEASE-24",
    title: "the holder learns at the next extension that the store has forgotten its lease",
    needs: ["locks", "foreignWriters"],
    async run(trial) {
      const { clock, settle, raw, until, core } = trial;
      const leaseMs = leaseLengthMs(trial);
      await onSteadyMachine(trial, leaseMs, async (lock) => {
        const lease = await settle(
          core.acquire(lock, "name", { ttlMs: leaseMs, waitMs: 0, clock }),
          1_000,
        );
        for (const place of [raw.lock, raw.fence])
          if (place) await raw.remove(place(lock.path, "name"));
        await until("the loss is reported", () => lease.signal.aborted, leaseMs / 2);
        assert.deepEqual(reasonOf(lease.signal), ["LOCK_LOST", "refused"]);
      });
    },
  },
];
