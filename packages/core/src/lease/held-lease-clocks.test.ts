/** Clocks that step, and answers that arrive late, while a lease is held. */
import { describe, expect, it } from "vitest";
import { acquire } from "./acquire.ts";
import { bench } from "../testing/lease-bench.test.helper.ts";

describe("a lease whose extension failed while the wall clock was set far forward", () => {
  it("is extended in time and not lost after the clock was set back", async () => {
    const { lock, clock, plan, options } = bench();
    const lease = await acquire(lock, "n", options());
    plan.next("extend", "fail-after");
    await clock.advance(333);
    // The lease seems to end in 41 ms, before the next extension is due.
    clock.stepWall(614);
    await clock.advance(10);
    expect(plan.calls("extend")).toBe(1);
    clock.stepWall(-614);
    await clock.advance(38);
    expect(plan.calls("extend"), "not before it is due").toBe(1);
    await clock.advance(60);
    expect(plan.calls("extend")).toBe(2);
    await clock.advance(3_000);
    expect(lease.lost).toBeUndefined();
    await lease.release();
  });
});

describe("a lease that is released while an extension is in flight", () => {
  it.each(["fail-before", "close"] as const)(
    "leaves no timer and reports no loss when the extension fails: %s",
    async (failure) => {
      const { lock, clock, options, expectNothingLeft } = bench();
      const extension = Promise.withResolvers<boolean>();
      const lease = await acquire({ ...lock, extend: () => extension.promise }, "n", options());
      await clock.advance(334);
      expect(await lease.release()).toBe(true);
      extension.reject(
        failure === "close"
          ? Object.assign(new Error("closed"), { code: "CLOSED" })
          : new Error("reset"),
      );
      await clock.settle();
      expectNothingLeft();
      expect(lease.lost).toBeUndefined();
      expect(lease.signal.aborted).toBe(false);
    },
  );
});
