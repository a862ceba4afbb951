import { describe, expect, it } from "vitest";
import { acquire } from "./acquire.ts";
import { bench, watched } from "../testing/lease-bench.test.helper.ts";
import type { Clock } from "../time/time.ts";

describe("a lease that is held", () => {
  it("LEASE-06 is extended after each third of its ttl, until it is released", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const lease = await acquire(lock, "n", options({ ttlMs: 900 }));
    await clock.advance(300);
    expect(plan.calls("extend")).toBe(1);
    await clock.advance(2400);
    expect(plan.calls("extend")).toBe(9);
    expect(lease.isHeld()).toBe(true);
    await lease.release();
    await clock.advance(5000);
    expect(plan.calls("extend")).toBe(9);
    expectNothingLeft();
  });

  it("LEASE-06 keeps no process alive by its timers", async () => {
    const { lock, clock, options } = bench();
    const lengths: unknown[] = [];
    const noting: Clock = {
      ...clock,
      setTimer(delayMs, fire, settings) {
        lengths.push(settings?.background ?? false);
        return clock.setTimer(delayMs, fire, settings);
      },
    };
    const lease = await acquire(lock, "n", options({ clock: noting }));
    lengths.length = 0;
    await clock.advance(2000);
    expect(lengths.length).toBeGreaterThan(6);
    expect(new Set(lengths)).toEqual(new Set([true]));
    await lease.release();
  });

  it("LEASE-06 is lost at once when the lock is closed", async () => {
    const { lock, clock, options, expectNothingLeft } = bench();
    const lease = await acquire(lock, "n", options());
    lock.extend = async () => {
      throw Object.assign(new Error("closed"), { code: "CLOSED" });
    };
    await clock.advance(334);
    expect(lease.lost).toBe("refused");
    await lease.release();
    expectNothingLeft();
  });

  it("LEASE-07 is lost when an extension is refused", async () => {
    const { lock, elsewhere, clock, options, holder, expectNothingLeft } = bench();
    const lease = await acquire(lock, "n", options());
    const reasons: unknown[] = [];
    lease.signal.addEventListener("abort", () => reasons.push(lease.signal.reason));
    await elsewhere().release("n", holder("n") ?? "");
    await elsewhere().tryAcquire("n", "somebody-else", 10_000);
    await clock.advance(334);
    expect(reasons).toMatchObject([{ code: "LOCK_LOST", reason: "refused" }]);
    expect([lease.isHeld(), lease.lost]).toEqual([false, "refused"]);
    expect(await lease.release()).toBe(false);
    expect(holder("n")).toBe("somebody-else");
    expectNothingLeft();
  });

  it.each(["unreachable", "frozen"] as const)(
    "LEASE-07 is lost before the store grants it to another owner if the store is %s",
    async (state) => {
      const { lock, clock, plan, options, holder, expectNothingLeft } = bench();
      const lease = await acquire(lock, "n", options());
      let heldByStoreAtLoss: string | undefined;
      lease.signal.addEventListener("abort", () => {
        heldByStoreAtLoss = holder("n");
      });
      plan[state] = true;
      await clock.advance(987);
      expect(lease.signal.aborted).toBe(false);
      await clock.advance(1);
      expect(lease.signal.aborted).toBe(true);
      expect(lease.lost).toBe("expired");
      expect(heldByStoreAtLoss).toBeDefined();
      expect(plan.calls("extend")).toBeLessThan(16);
      await clock.advance(10_000);
      expectNothingLeft();
    },
  );

  it("survives an outage of the store that is shorter than the lease", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    plan.unreachable = true;
    await clock.advance(850);
    plan.unreachable = false;
    await clock.advance(2000);
    expect(lease.isHeld()).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  it("counts an extension from when it was sent, and is lost if the answer arrives after its end", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options({ storeDeadlineMs: 5000 }));
    plan.next("extend", { replyMs: 600 });
    await clock.advance(900);
    plan.unreachable = true;
    await clock.advance(334 + 987 - 900);
    expect(lease.isHeld()).toBe(true);
    await clock.advance(1);
    expect(lease.lost).toBe("expired");

    plan.unreachable = false;
    const late = await acquire(lock, "m", options({ storeDeadlineMs: 5000 }));
    plan.next("extend", { replyMs: 700 });
    await clock.advance(1100);
    expect(late.lost).toBe("expired");
  });

  it("stays lost after a blocked event loop, even if an extension was answered", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    const answer = Promise.withResolvers<boolean>();
    lock.extend = () => answer.promise;
    await clock.advance(334);
    clock.stall(700);
    answer.resolve(true);
    await clock.settle();
    expect(lease.lost).toBe("expired");
  });

  it("LEASE-07 is lost after a suspend that outlasts it, before code that resumes can rely on it", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    await clock.advance(100);
    clock.suspend(800);
    expect(lease.signal.aborted).toBe(false);
    clock.suspend(100);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.lost).toBe("suspended");
    expect(() => lease.signal.throwIfAborted()).toThrow(
      expect.objectContaining({ code: "LOCK_LOST", reason: "suspended" }),
    );
  });

  it("LEASE-07 reports a suspend to its listeners at the next extension at the latest", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    let told = false;
    lease.signal.addEventListener("abort", () => {
      told = true;
    });
    clock.suspend(60_000);
    await clock.advance(334);
    expect(told).toBe(true);
  });

  it("is not affected by a wall clock that is set back, or forward by less than the lease", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    clock.stepWall(-86_400_000);
    await clock.advance(300);
    clock.stepWall(600);
    expect(lease.isHeld()).toBe(true);
    await clock.advance(5000);
    expect(await lease.release()).toBe(true);
  });

  it("counts as lost before code continues after the event loop was blocked past its end", async () => {
    const { lock, clock, options } = bench();
    const lease = await acquire(lock, "n", options());
    clock.stall(2000);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: "LOCK_LOST", reason: "expired" });

    const second = await acquire(lock, "n", options());
    clock.stall(2000);
    expect(() => second.signal.throwIfAborted()).toThrow(
      expect.objectContaining({ code: "LOCK_LOST" }),
    );
    const third = await acquire(lock, "n", options());
    clock.stall(2000);
    expect(AbortSignal.any([third.signal]).aborted).toBe(true);
  });

  it("returns from a release after its loss at once, whatever the store does", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const lease = await acquire(lock, "n", options());
    plan.frozen = true;
    clock.stall(1500);
    const releasing = watched(lease.release());
    await clock.settle();
    expect(releasing.now).toEqual({ state: "done", value: false });
    expect(plan.calls("release")).toBe(1);
    expectNothingLeft();
  });

  it("releases once, however often release is called", async () => {
    const { lock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    const [first, second] = [lease.release(), lease.release()];
    expect([await first, await second, await lease.release()]).toEqual([true, true, true]);
    expect(plan.calls("release")).toBe(1);
    expect([lease.isHeld(), lease.lost, lease.signal.aborted]).toEqual([false, undefined, false]);
  });

  it("does not count as lost because of anything after its release", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    plan.next("extend", { replyMs: 100 });
    await clock.advance(340);
    await lease.release();
    await clock.advance(5000);
    expect([lease.lost, lease.signal.aborted]).toEqual([undefined, false]);
  });

  it("does not throw when the release fails, and waits no longer for it than the lease lasts", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const refused = await acquire(lock, "n", options());
    plan.next("release", "fail-after");
    expect(await refused.release()).toBe(false);
    expect(refused.lost).toBeUndefined();
    const silent = await acquire(lock, "n", options({ storeDeadlineMs: 5000 }));
    plan.next("release", "hang-before");
    const releasing = watched(silent.release());
    await clock.advance(988);
    expect(releasing.now).toEqual({ state: "done", value: false });
    expectNothingLeft();
  });

  it("is disposed of once by await using, which never hides the error of the block", async () => {
    const { lock, plan, options } = bench();
    const block = async (): Promise<void> => {
      await using lease = await acquire(lock, "n", options());
      plan.unreachable = true;
      expect(lease.isHeld()).toBe(true);
      throw new Error("the block's own");
    };
    const error: unknown = await block().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "Error", message: "the block's own" });
    expect(plan.calls("release")).toBe(1);
  });
});
