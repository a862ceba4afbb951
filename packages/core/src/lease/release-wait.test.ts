import { describe, expect, it } from "vitest";
import { acquire } from "./acquire.ts";
import { bench, watched } from "../testing/lease-bench.test.helper.ts";

describe("a caller that waits for a lock", () => {
  it("LEASE-02 is woken by a release of another process, not by polling", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options());
    const waiting = watched(acquire(lock, "n", options()));
    await clock.advance(300);
    expect(waiting.now.state).toBe("pending");
    expect(plan.calls("tryAcquire")).toBe(2);
    await other.release();
    await clock.settle();
    if (waiting.now.state !== "done") throw new Error("woken without time passing");
    expect(plan.calls("tryAcquire")).toBe(3);
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("LEASE-03 retries in bounded, jittered steps if releases are not reported", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench({ pushes: false });
    const other = await acquire(elsewhere(), "n", options());
    const waiting = watched(acquire(lock, "n", options({ waitMs: 60_000 })));
    await clock.advance(10_000);
    expect(plan.calls("tryAcquire")).toBeGreaterThan(30);
    expect(plan.calls("tryAcquire")).toBeLessThan(90);
    await other.release();
    await clock.advance(250);
    if (waiting.now.state !== "done") throw new Error("granted within one step");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("LEASE-10 waits at most one lease longer if a message is lost", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options());
    const waiting = watched(acquire(lock, "n", options()));
    await clock.settle();
    plan.losesMessages = true;
    await other.release();
    await clock.advance(999);
    expect(waiting.now.state).toBe("pending");
    await clock.advance(6);
    if (waiting.now.state !== "done") throw new Error("one lease later");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("gets a lock whose holder died without a release as soon as its lease is over", async () => {
    const { lock, elsewhere, clock, options, expectNothingLeft } = bench();
    await elsewhere().tryAcquire("n", "a-process-that-is-gone", 700);
    const waiting = watched(acquire(lock, "n", options()));
    await clock.advance(700);
    expect(waiting.now.state).toBe("pending");
    await clock.advance(5);
    if (waiting.now.state !== "done") throw new Error("the lease is over");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("does not miss a release between its first try and its subscription", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options({ ttlMs: 60_000 }));
    plan.next("onRelease", { requestMs: 100 });
    const waiting = watched(acquire(lock, "n", options()));
    await clock.advance(50);
    await other.release();
    await clock.advance(50);
    if (waiting.now.state !== "done") throw new Error("asked again after subscribing");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("does not miss a release while the refusing answer is still in flight", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options({ ttlMs: 60_000 }));
    plan.next("tryAcquire", undefined, { replyMs: 100 });
    const waiting = watched(acquire(lock, "n", options()));
    await clock.advance(50);
    await other.release();
    await clock.advance(50);
    if (waiting.now.state !== "done") throw new Error("asked again at once");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("sleeps again if another process was faster", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options({ ttlMs: 60_000 }));
    const waiting = watched(acquire(lock, "n", options()));
    await clock.settle();
    const released = other.release();
    const faster = await elsewhere().tryAcquire("n", "faster", 60_000);
    expect([faster.acquired, await released]).toEqual([true, true]);
    await clock.advance(3000);
    expect(plan.calls("tryAcquire")).toBe(3);
    await elsewhere().release("n", "faster");
    await clock.settle();
    if (waiting.now.state !== "done") throw new Error("woken by the next release");
    await waiting.now.value.release();
    expectNothingLeft();
  });

  it("retries in steps if it cannot subscribe", async () => {
    const { lock, elsewhere, clock, plan, options, expectNothingLeft } = bench();
    const other = await acquire(elsewhere(), "n", options({ ttlMs: 60_000 }));
    plan.next("onRelease", "fail-before");
    const waiting = watched(acquire(lock, "n", options()));
    await clock.advance(1000);
    await other.release();
    await clock.advance(250);
    if (waiting.now.state !== "done") throw new Error("granted within one step");
    await waiting.now.value.release();
    expectNothingLeft();
  });
});
