import { describe, expect, it } from "vitest";
import { createLock } from "../lock/create-lock.ts";
import { acquire, tryLease } from "./acquire.ts";
import type { Lock } from "../lock/lock.ts";
import type { LockDriver } from "../lock/lock-driver.ts";
import { bench, watched, type Bench } from "../testing/lease-bench.test.helper.ts";
import { delay } from "../time/time.ts";

/**
 * A lock whose requests are delayed, one after the other, while its releases arrive at once, as
 * over a connection pool.
 */
function overtaken(
  { clock, elsewhere }: Pick<Bench, "clock" | "elsewhere">,
  requestMs: number[],
): Lock {
  const store = elsewhere();
  const keyOf = (name: string): string => name.slice(1, -1);
  const driver: LockDriver = {
    kind: "pool",
    async tryAcquire(name, owner, ttlMs) {
      await delay(clock, requestMs.shift() ?? 0);
      return store.tryAcquire(keyOf(name), owner, ttlMs);
    },
    extend: (name, owner, ttlMs) => store.extend(keyOf(name), owner, ttlMs),
    release: (name, owner) => store.release(keyOf(name), owner),
  };
  return createLock(driver, { clock });
}

describe("tryLease", () => {
  it("returns a lease with its fence and the store's time, or the time that the holder has left", async () => {
    const { lock, clock, options, expectNothingLeft } = bench();
    const lease = await tryLease(lock, "n", options());
    if (!lease.acquired) throw new Error("the lock is free");
    expect(lease).toMatchObject({
      name: "n",
      fence: 1,
      storeNowMs: clock.worldMs(),
      lost: undefined,
    });
    await clock.advance(100);
    expect(await tryLease(lock, "n", options())).toEqual({ acquired: false, remainingMs: 900 });
    expect(await lease.release()).toBe(true);
    expectNothingLeft();
  });

  it("asks again with the same owner if the answer was lost, and counts the lease from the first request", async () => {
    const { lock, clock, plan, options, holder } = bench();
    plan.next("tryAcquire", "hang-after");
    const trying = watched(tryLease(lock, "n", options({ storeDeadlineMs: 200 })));
    await clock.advance(200);
    const firstOwner = holder("n");
    if (trying.now.state !== "done" || !trying.now.value.acquired)
      throw new Error("the second answer arrives");
    const lease = trying.now.value;
    expect([plan.calls("tryAcquire"), holder("n"), lease.fence]).toEqual([2, firstOwner, 1]);
    plan.unreachable = true;
    await clock.advance(787);
    expect(lease.isHeld()).toBe(true);
    await clock.advance(1);
    expect(lease.isHeld()).toBe(false);
  });

  it("releases a lock that may have been granted if both answers are lost", async () => {
    const { lock, plan, options, holder, expectNothingLeft } = bench();
    plan.next("tryAcquire", "fail-after", "fail-after");
    await expect(tryLease(lock, "n", options())).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
    });
    expect(plan.calls("release")).toBe(1);
    expect(holder("n")).toBeUndefined();
    expectNothingLeft();
  });

  it("names the option that ended its wait for a silent store", async () => {
    const { lock, clock, plan, options } = bench();
    plan.next("tryAcquire", "hang-before", "hang-before");
    const trying = watched(tryLease(lock, "n", options({ storeDeadlineMs: 100 })));
    await clock.advance(200);
    expect(trying.now).toMatchObject({
      error: { message: "The store did not answer within 100 ms (storeDeadlineMs)." },
    });
  });

  it("releases a grant that arrives after it gave up", async () => {
    const { lock, clock, plan, options, holder, expectNothingLeft } = bench();
    plan.next("tryAcquire", { requestMs: 700 }, "fail-before");
    const trying = watched(tryLease(lock, "n", options({ storeDeadlineMs: 100 })));
    await clock.advance(100);
    expect(trying.now).toMatchObject({ state: "failed", error: { code: "CACHE_UNAVAILABLE" } });
    await clock.advance(600);
    expect(holder("n")).toBeUndefined();
    expectNothingLeft();
  });

  it("releases the lock if the first request is granted late, after the second found it held", async () => {
    const { lock, elsewhere, clock, plan, options, holder, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options());
    plan.next("tryAcquire", { requestMs: 700 });
    const trying = watched(tryLease(lock, "n", options({ storeDeadlineMs: 100 })));
    await clock.advance(100);
    expect(trying.now).toMatchObject({ state: "done", value: { acquired: false } });
    await other.release();
    await clock.advance(600);
    expect(holder("n")).toBeUndefined();
    expectNothingLeft();
  });

  it("releases the lock again if the grant comes after the release", async () => {
    const { clock, elsewhere, options, holder } = bench();
    const lock = overtaken({ clock, elsewhere }, [1200, 900]);
    const trying = watched(tryLease(lock, "n", options({ ttlMs: 60_000, storeDeadlineMs: 500 })));
    await clock.advance(1000);
    expect(trying.now).toMatchObject({
      state: "failed",
      error: { code: "CACHE_UNAVAILABLE", reason: "timeout" },
    });
    await clock.advance(400);
    expect(holder("n")).toBeUndefined();
  });

  it("releases the lock if the first request is granted after the second was refused", async () => {
    const { clock, elsewhere, options, holder } = bench();
    const lock = overtaken({ clock, elsewhere }, [1200, 0]);
    const other = await acquire(elsewhere(), "n", options());
    const trying = watched(tryLease(lock, "n", options({ ttlMs: 60_000, storeDeadlineMs: 500 })));
    await clock.advance(500);
    expect(trying.now).toMatchObject({ state: "done", value: { acquired: false } });
    await other.release();
    await clock.advance(1000);
    expect(holder("n")).toBeUndefined();
  });

  it("asks once if the store refuses for its own reason", async () => {
    const { elsewhere, options } = bench();
    let asked = 0;
    const lock = elsewhere();
    lock.tryAcquire = async () => {
      asked += 1;
      throw Object.assign(new Error("read only"), {
        code: "CACHE_UNAVAILABLE",
        reason: "readonly",
      });
    };
    await expect(tryLease(lock, "n", options())).rejects.toThrow("read only");
    expect(asked).toBe(1);
  });

  it("rejects and releases a lease that took longer to acquire than it lasts", async () => {
    const { lock, clock, plan, options, holder, expectNothingLeft } = bench();
    plan.next("tryAcquire", { replyMs: 990 });
    const trying = watched(tryLease(lock, "n", options({ storeDeadlineMs: 5000 })));
    await clock.advance(990);
    expect(trying.now).toEqual({ state: "done", value: { acquired: false, remainingMs: 0 } });
    expect(holder("n")).toBeUndefined();
    expectNothingLeft();
  });

  it("draws another owner for each acquisition", async () => {
    const { lock, options, holder } = bench();
    const owners = new Set<string | undefined>();
    for (let round = 0; round < 3; round += 1) {
      const lease = await tryLease(lock, "n", options());
      owners.add(holder("n"));
      if (lease.acquired) await lease.release();
    }
    expect(owners.size).toBe(3);
    expect(owners.has(undefined)).toBe(false);
  });
});
