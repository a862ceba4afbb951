/** When a lease must send an extension again, and when it must not. */
import { describe, expect, it } from "vitest";
import { deadlineDefaultMs } from "../driver/driver-guard.ts";
import { acquire, tryLease } from "./acquire.ts";
import { hasCode } from "../errors.ts";
import { releasingLateGrants } from "../lock/late-grants.ts";
import type { Lock } from "../lock/lock.ts";
import type { LockDriver } from "../lock/lock-driver.ts";
import { lossOf, termOf } from "./lease-term.ts";
import { bench } from "../testing/lease-bench.test.helper.ts";
import type { Clock } from "../time/time.ts";

describe("a lease that is held", () => {
  it("retries within a tenth of its ttl after a failed extension, until it ends", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    plan.next("extend", ...Array.from({ length: 100 }, () => "fail-before" as const));
    await clock.advance(333);
    expect(plan.calls("extend")).toBe(0);
    await clock.advance(1);
    expect(plan.calls("extend")).toBe(1);
    // Every 50 to 100 ms: 6 to 13 times in the 655 ms that are left.
    await clock.advance(655);
    expect(lease.lost).toBe("expired");
    expect(plan.calls("extend")).toBeGreaterThanOrEqual(7);
    expect(plan.calls("extend")).toBeLessThanOrEqual(14);
  });

  it("is reported as lost at its end by its timer, even if nobody checks it", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    plan.next("extend", ...Array.from({ length: 100 }, () => "fail-before" as const));
    let isAborted = false;
    lease.signal.addEventListener("abort", () => (isAborted = true));
    await clock.advance(987);
    expect(isAborted).toBe(false);
    await clock.advance(2);
    expect(isAborted).toBe(true);
  });

  it("has one extension in flight at a time", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options({ ttlMs: 900 }));
    // A suspend that the lease outlives. The timer of the lease's end is moved, and finds no
    // extension due.
    plan.next("extend", { replyMs: 200 });
    await clock.advance(300);
    await clock.advance(150);
    expect(plan.calls("extend")).toBe(1);
    await clock.advance(151);
    expect(plan.calls("extend")).toBe(2);
    await lease.release();
  });

  it("sends no release if another holder has the lock, and sends one if its own term has ended", async () => {
    for (const [outcome, releases] of [
      ["refused", 0],
      ["expired", 1],
    ] as const) {
      const { lock, elsewhere, clock, plan, options, holder } = bench();
      const lease = await acquire(lock, "n", options());
      if (outcome === "refused") await elsewhere().release("n", holder("n") ?? "");
      else plan.next("extend", ...Array.from({ length: 100 }, () => "fail-before" as const));
      await clock.advance(1_000);
      expect(lease.lost).toBe(outcome);
      expect(await lease.release()).toBe(false);
      expect(plan.calls("release"), outcome).toBe(releases);
    }
  });

  it("throws from its check only if it is lost", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    expect(() => lease.signal.throwIfAborted()).not.toThrow();
    plan.next("extend", ...Array.from({ length: 100 }, () => "fail-before" as const));
    clock.stall(1_500);
    expect(() => lease.signal.throwIfAborted()).toThrow(
      expect.objectContaining({ code: "LOCK_LOST", reason: "expired" }),
    );
  });

  it("has the reason of its loss as soon as it is read, before any timer fires", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    clock.stall(1_500);
    expect(lease.lost).toBe("expired");
  });

  it("keeps its process alive only while it is being released", async () => {
    const { lock, clock, plan, options } = bench();
    const isBackground: boolean[] = [];
    const noting: Clock = {
      ...clock,
      setTimer(delayMs, fire, settings) {
        isBackground.push(settings?.background ?? false);
        return clock.setTimer(delayMs, fire, settings);
      },
    };
    const lease = await acquire(lock, "n", options({ clock: noting }));
    isBackground.length = 0;
    plan.next("release", { replyMs: 50 });
    const released = lease.release();
    await clock.advance(50);
    expect(await released).toBe(true);
    expect(isBackground).toEqual([false]);
  });

  it("is acquired by the second request if the first answer was lost, and released once", async () => {
    const { lock, clock, plan, options, holder } = bench();
    plan.next("tryAcquire", "fail-after");
    const lease = await acquire(lock, "n", options());
    await clock.settle();
    expect(holder("n")).toBeDefined();
    expect(plan.calls("release")).toBe(0);
    expect(await lease.release()).toBe(true);
    expect(plan.calls("release")).toBe(1);
  });

  it("works on a lock without a queue", async () => {
    const { lock, clock, options } = bench();
    const { queue: _, ...alone } = lock;
    const bare: Lock = {
      ...alone,
      tryAcquire: lock.tryAcquire.bind(lock),
      extend: lock.extend.bind(lock),
      release: lock.release.bind(lock),
      withPrefix: (name) => lock.withPrefix(name),
      at: (path) => lock.at(path),
    };
    const lease = await acquire(bare, "n", options());
    expect(lease.isHeld()).toBe(true);
    await lease.release();
    expect(clock.pendingTimers).toBe(0);
  });

  it("recognises errors by their code, whatever object was thrown", () => {
    expect(hasCode(Object.assign(new Error("x"), { code: "CLOSED" }), "CLOSED")).toBe(true);
    for (const other of [
      new Error("x"),
      { code: "CLOSED" },
      undefined,
      null,
      "CLOSED",
      Object.assign(new Error("x"), { code: "OTHER" }),
    ])
      expect(hasCode(other, "CLOSED")).toBe(false);
  });
});

describe("a lease that is requested", () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])(
    "with the ttl %d is refused before anything is sent, with or without waiting",
    async (ttlMs) => {
      const { lock, plan, options } = bench();
      const refused = {
        code: "CONFIGURATION",
        message: expect.stringMatching(/ttlMs must be a whole number of ms from 1 to 2\^31 - 1/),
      };
      await expect(acquire(lock, "n", options({ ttlMs }))).rejects.toMatchObject(refused);
      await expect(tryLease(lock, "n", options({ ttlMs }))).rejects.toMatchObject(refused);
      expect(plan.calls("tryAcquire")).toBe(0);
    },
  );

  it("with the shortest and with the longest ttl is sent", async () => {
    for (const ttlMs of [1, 2 ** 31 - 1]) {
      const { lock, plan, options } = bench();
      await tryLease(lock, "n", options({ ttlMs })).catch(() => {});
      expect(plan.calls("tryAcquire"), `${ttlMs}`).toBeGreaterThan(0);
    }
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    "with waitMs %d is refused, with the remedy",
    async (waitMs) => {
      const { lock, options } = bench();
      await expect(acquire(lock, "n", options({ waitMs }))).rejects.toMatchObject({
        code: "CONFIGURATION",
        message: expect.stringMatching(
          /waitMs must be a finite number of ms from 0, not .* To wait without an end, wait again/,
        ),
      });
    },
  );

  it("gives the store a third of its ttl to answer if that is longer than the default deadline", async () => {
    const waited = async (change: object): Promise<number> => {
      const { lock, clock, plan, options } = bench();
      plan.next("tryAcquire", { replyMs: 3_600_000 }, { replyMs: 3_600_000 });
      let tookMs = 0;
      const asked = tryLease(lock, "n", options(change)).catch(() => {});
      while (plan.calls("tryAcquire") < 2 && tookMs < 100_000)
        tookMs += await clock.advance(100).then(() => 100);
      await clock.advance(100_000);
      await asked;
      return tookMs;
    };
    expect(await waited({ ttlMs: 60_000 })).toBe(20_000);
    expect(await waited({ ttlMs: 60_000, storeDeadlineMs: 700 })).toBe(700);
    const usual = deadlineDefaultMs;
    expect(await waited({ ttlMs: 1_000 })).toBe(usual);
    expect(await waited({ ttlMs: 30 })).toBe(usual);
  });
});

describe("a lease's term", () => {
  it("treats clocks that differ by more than half its margin as a suspend", () => {
    const term = termOf({ monotonicMs: 0, wallMs: 0 }, 10_000);
    expect(term).toMatchObject({ usableMs: 9_898, toleranceMs: 51 });
    expect(lossOf(term, { monotonicMs: 9_000, wallMs: 9_000 + 900 })).toBe("suspended");
  });
});

describe("a grant that arrives after its owner's release", () => {
  it("is released once for each late grant", async () => {
    const answers: {
      readonly resolve: (answer: { acquired: true; fence: number; storeNowMs: number }) => void;
    }[] = [];
    let releases = 0;
    const driver: LockDriver = {
      kind: "toy",
      tryAcquire: () => new Promise((resolve) => answers.push({ resolve })),
      extend: async () => true,
      release: async () => {
        releases += 1;
        return true;
      },
    };
    const lock = releasingLateGrants(driver);
    const granted = { acquired: true, fence: 1, storeNowMs: 0 } as const;
    const asked = [lock.tryAcquire("n", "o", 1_000), lock.tryAcquire("n", "o", 1_000)];
    await lock.release("n", "o");
    expect(releases).toBe(1);
    answers[0]?.resolve(granted);
    await asked[0];
    expect(releases).toBe(2);
    answers[1]?.resolve(granted);
    await asked[1];
    expect(releases).toBe(3);
    // It is requested again, so the earlier release does not apply to this grant.
    const again = lock.tryAcquire("n", "o", 1_000);
    answers[2]?.resolve(granted);
    await again;
    expect(releases).toBe(3);
    // It was released with no open request, so a later request is not affected.
    await lock.release("n", "o");
    const later = lock.tryAcquire("n", "o", 1_000);
    answers[3]?.resolve(granted);
    await later;
    expect(releases).toBe(4);
  });
});
