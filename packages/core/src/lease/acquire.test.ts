import { describe, expect, it } from "vitest";
import { acquire, withLease } from "./acquire.ts";
import type { Lease } from "./lease.ts";
import { bench, watched } from "../testing/lease-bench.test.helper.ts";
import { delay } from "../time/time.ts";

describe("acquire", () => {
  it("LEASE-01 gives the lock to 32 waiters one at a time, in their order of arrival", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const order: number[] = [];
    let inside = 0;
    let insideMax = 0;
    const all = Promise.all(
      Array.from({ length: 32 }, (_, waiter) =>
        withLease(lock, "n", options(), async () => {
          insideMax = Math.max(insideMax, (inside += 1));
          await delay(clock, 5);
          order.push(waiter);
          inside -= 1;
        }),
      ),
    );
    await clock.advance(32 * 5);
    await all;
    expect(order).toEqual(Array.from({ length: 32 }, (_, waiter) => waiter));
    expect(insideMax).toBe(1);
    expect(plan.calls()).toBe(64);
    expectNothingLeft();
  });

  it.each([true, false])(
    "LEASE-04 gives up after waitMs (releases reported: %s)",
    async (pushes) => {
      const { lock, elsewhere, clock, options, expectNothingLeft } = bench({ pushes });
      const other = await acquire(elsewhere(), "n", options());
      const waiting = watched(acquire(lock, "n", options({ waitMs: 300 })));
      await clock.advance(299);
      expect(waiting.now.state).toBe("pending");
      await clock.advance(1);
      expect(waiting.now).toMatchObject({ state: "failed", error: { code: "LOCK_TIMEOUT" } });
      await other.release();
      expectNothingLeft();
    },
  );

  it("LEASE-04 gives up after waitMs in this process's queue, and while the store is silent", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const first = await acquire(lock, "n", options());
    const queued = watched(acquire(lock, "n", options({ waitMs: 100 })));
    await clock.advance(100);
    expect(queued.now).toMatchObject({ state: "failed", error: { code: "LOCK_TIMEOUT" } });
    await first.release();
    plan.next("tryAcquire", "hang-before");
    const silent = watched(acquire(lock, "n", options({ waitMs: 100 })));
    await clock.advance(100);
    expect(silent.now).toMatchObject({ state: "failed", error: { code: "LOCK_TIMEOUT" } });
    await clock.advance(1000);
    expectNothingLeft();
  });

  it("LEASE-04 with waitMs 0 asks once and never waits", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const free = await acquire(lock, "n", options({ waitMs: 0 }));
    await expect(acquire(lock, "n", options({ waitMs: 0 }))).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
    });
    expect(plan.calls()).toBe(1);
    await free.release();
    const other = await acquire(elsewhere(), "n", options());
    await expect(acquire(lock, "n", options({ waitMs: 0 }))).rejects.toMatchObject({
      code: "LOCK_TIMEOUT",
    });
    expect(plan.calls("onRelease")).toBe(0);
    await other.release();
    plan.next("tryAcquire", { replyMs: 50 });
    const slow = watched(acquire(lock, "n", options({ waitMs: 0 })));
    await clock.advance(50);
    if (slow.now.state !== "done") throw new Error("one try is not waiting");
    await slow.now.value.release();
    expectNothingLeft();
  });

  it("LEASE-05 sends nothing if the signal has already aborted, with or without a queue", async () => {
    const { lock, plan, options } = bench();
    const { queue: _queue, ...queueless } = lock;
    for (const either of [lock, queueless]) {
      await expect(
        acquire(either, "n", options({ signal: AbortSignal.abort(new Error("changed my mind")) })),
      ).rejects.toThrow("changed my mind");
    }
    expect(plan.calls()).toBe(0);
  });

  it("LEASE-05 leaves no timer and no listener if it is aborted in the queue, asleep, or subscribing", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options({ ttlMs: 10_000 }));
    plan.next("onRelease", undefined, { replyMs: 50 });
    const asleep = new AbortController();
    const queued = new AbortController();
    const first = watched(acquire(lock, "n", options({ signal: asleep.signal })));
    const second = watched(acquire(lock, "n", options({ signal: queued.signal })));
    await clock.advance(10);
    queued.abort(new Error("queued"));
    await clock.settle();
    expect(second.now).toMatchObject({ state: "failed", error: { message: "queued" } });
    asleep.abort(new Error("asleep"));
    await clock.settle();
    expect(first.now).toMatchObject({ state: "failed", error: { message: "asleep" } });
    const subscribing = new AbortController();
    const third = watched(acquire(lock, "n", options({ signal: subscribing.signal })));
    await clock.advance(10);
    subscribing.abort(new Error("subscribing"));
    await clock.settle();
    expect(third.now).toMatchObject({ state: "failed", error: { message: "subscribing" } });
    await clock.advance(600);
    await other.release();
    await clock.settle();
    expectNothingLeft();
  });

  it("LEASE-05 releases a lock that is granted after the abort", async () => {
    const { lock, clock, plan, options, holder, expectNothingLeft } = bench();
    plan.next("tryAcquire", { requestMs: 50, replyMs: 50 });
    const caller = new AbortController();
    const waiting = watched(acquire(lock, "n", options({ signal: caller.signal })));
    await clock.advance(60);
    expect(holder("n")).toBeDefined();
    caller.abort(new Error("gone"));
    await clock.settle();
    expect(waiting.now).toMatchObject({ state: "failed", error: { message: "gone" } });
    await clock.advance(40);
    expect(holder("n")).toBeUndefined();
    expect(plan.calls("release")).toBe(1);
    expectNothingLeft();
  });

  it("LEASE-09 skips waiters that gave up", async () => {
    const { lock, clock, options, expectNothingLeft } = bench();
    const first = await acquire(lock, "n", options());
    const caller = new AbortController();
    const gone = watched(acquire(lock, "n", options({ signal: caller.signal })));
    const next = watched(acquire(lock, "n", options()));
    await clock.settle();
    caller.abort();
    await first.release();
    await clock.settle();
    expect(gone.now.state).toBe("failed");
    if (next.now.state !== "done") throw new Error("next in line");
    await next.now.value.release();
    expectNothingLeft();
  });

  it("rejects when the store fails, and gives the turn to the next waiter", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    plan.next("tryAcquire", "fail-before", "fail-before");
    const failed = watched(acquire(lock, "n", options()));
    const next = watched(acquire(lock, "n", options()));
    await clock.settle();
    expect(failed.now).toMatchObject({ state: "failed", error: { code: "CACHE_UNAVAILABLE" } });
    if (next.now.state !== "done") throw new Error("the store is back");
    await next.now.value.release();
    expectNothingLeft();
  });

  it("gives the turn to the next waiter when the lease is lost, whatever its holder does", async () => {
    const { lock, clock, plan, options } = bench();
    const first = await acquire(lock, "n", options());
    const next = watched(acquire(lock, "n", options()));
    plan.next("extend", ...Array.from({ length: 20 }, () => "fail-before" as const));
    await clock.advance(1010);
    expect(first.lost).toBe("expired");
    if (next.now.state !== "done") throw new Error("the lease is over");
    expect(next.now.value.fence).toBeGreaterThan(first.fence);
    await next.now.value.release();
  });

  it("keeps locks of one name under two prefixes apart, in the queue too", async () => {
    const { lock, options, expectNothingLeft } = bench();
    const leases = [
      await acquire(lock.withPrefix("a"), "n", options()),
      await acquire(lock.withPrefix("b"), "n", options({ waitMs: 0 })),
    ];
    for (const lease of leases) expect(await lease.release()).toBe(true);
    expectNothingLeft();
  });

  it.each([
    { ttlMs: 0 },
    { ttlMs: -1 },
    { ttlMs: 1.5 },
    { ttlMs: Number.NaN },
    { ttlMs: 2 ** 31 },
    { waitMs: -1 },
    { waitMs: Number.NaN },
    { waitMs: Number.POSITIVE_INFINITY },
    { storeDeadlineMs: 0 },
  ])("LOCK-10 refuses %j before anything is sent", async (change) => {
    const { lock, plan, options, expectNothingLeft } = bench();
    await expect(acquire(lock, "n", options(change))).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining(`${Object.keys(change).join()} must be`),
    });
    expect(plan.calls()).toBe(0);
    expectNothingLeft();
  });
});

describe("withLease", () => {
  it("returns the result of work, and releases before that", async () => {
    const { lock, options, holder, expectNothingLeft } = bench();
    expect(await withLease(lock, "n", options(), (lease) => lease.fence)).toBe(1);
    expect(holder("n")).toBeUndefined();
    expectNothingLeft();
  });

  it("LEASE-08 throws work's own error, even if the lease was lost and the release fails", async () => {
    const { lock, clock, plan, options, expectNothingLeft } = bench();
    const running = watched(
      withLease(lock, "n", options(), async () => {
        plan.unreachable = true;
        await delay(clock, 5000);
        throw new Error("work's own");
      }),
    );
    await clock.advance(5000);
    expect(running.now).toMatchObject({ state: "failed", error: { message: "work's own" } });
    expectNothingLeft();
  });

  it("rejects when work succeeded but the lease was lost meanwhile", async () => {
    const { lock, clock, plan, options } = bench();
    const running = watched(
      withLease(lock, "n", options(), async () => {
        plan.unreachable = true;
        await delay(clock, 5000);
      }),
    );
    await clock.advance(5000);
    expect(running.now).toMatchObject({
      state: "failed",
      error: { code: "LOCK_LOST", reason: "expired" },
    });
  });

  it("rejects if only the release shows that the lease was lost", async () => {
    const { lock, elsewhere, options, holder } = bench();
    const work = async (): Promise<void> => {
      await elsewhere().release("n", holder("n") ?? "");
    };
    await expect(withLease(lock, "n", options(), work)).rejects.toMatchObject({
      code: "LOCK_LOST",
      reason: "refused",
    });
  });

  it("LEASE-11 releases once, even if work throws synchronously", async () => {
    const { lock, plan, options, expectNothingLeft } = bench();
    const work = (): never => {
      throw new Error("at once");
    };
    await expect(withLease(lock, "n", options(), work)).rejects.toThrow("at once");
    expect(plan.calls("release")).toBe(1);
    expectNothingLeft();
  });

  it("LEASE-12 refuses the same lock and name within its own work instead of waiting forever", async () => {
    const { lock, clock, options, expectNothingLeft } = bench();
    const nested = (): Promise<unknown> =>
      withLease(lock.at([]), "n", options(), () => "never reached");
    const work = async (): Promise<unknown> => {
      await delay(clock, 1);
      return withLease(lock, "other", options(), () => nested());
    };
    const running = watched(withLease(lock, "n", options(), work));
    await clock.advance(1);
    expect(running.now).toMatchObject({ state: "failed", error: { code: "LOCK_REENTERED" } });
    expectNothingLeft();
  });

  it("LEASE-12 lets work use other names and prefixes, and lets code that outlives the lease use the same ones", async () => {
    const { lock, clock, options, expectNothingLeft } = bench();
    let later: Promise<Lease> | undefined;
    await withLease(lock, "n", options(), async () => {
      await withLease(lock, "m", options(), () => undefined);
      await withLease(lock.withPrefix("p"), "n", options(), () => undefined);
      later = clock.settle().then(() => acquire(lock, "n", options()));
    });
    expect(await (await later)?.release()).toBe(true);
    expectNothingLeft();
  });
});
