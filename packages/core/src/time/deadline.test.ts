import { describe, expect, it } from "vitest";
import { setDeadline } from "./deadline.ts";
import { manualClock } from "../testing/index.ts";

describe("a deadline", () => {
  it("passes when its time is over", async () => {
    const clock = manualClock();
    const passed: number[] = [];
    const deadline = setDeadline(clock, 20_000, () => passed.push(clock.monotonicMs()));
    await clock.advance(19_999);
    expect(passed).toEqual([]);
    expect(deadline.leftMs()).toBe(1);
    await clock.advance(1);
    expect(passed).toEqual([21_000]);
    expect(deadline.leftMs()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not count the time while the event loop was blocked", async () => {
    const clock = manualClock();
    let isOver = false;
    setDeadline(clock, 20_000, () => (isOver = true));
    await clock.advance(5_000);
    clock.stall(40_000);
    await clock.advance(12_000);
    expect(isOver).toBe(false);
    await clock.advance(3_000);
    expect(isOver).toBe(true);
  });

  it("lets answers that wait in the socket be read first when the event loop was blocked past it", async () => {
    const clock = manualClock();
    let isOver = false;
    const deadline = setDeadline(clock, 500, () => (isOver = true));
    clock.stall(30_000);
    await clock.advance(0);
    expect(isOver).toBe(false);
    deadline.cancel();
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    { ms: 500, lagMs: 150 },
    { ms: 500, lagMs: 700 },
    { ms: 20_000, lagMs: 300 },
    { ms: 20_000, lagMs: 5_000 },
  ])(
    "of $ms ms passes though the event loop is never free: each timer is $lagMs ms late",
    async ({ ms, lagMs }) => {
      const clock = manualClock();
      let isOver = false;
      setDeadline(clock, ms, () => (isOver = true));
      // Of each part, which lasts 500 ms or an eighth, it may be late by the whole lag; one part
      // more is granted once.
      const partMs = Math.max(500, ms / 8);
      const untilMs = clock.monotonicMs() + (ms / partMs + 1) * (partMs + lagMs);
      while (!isOver && clock.monotonicMs() < untilMs) {
        clock.stall(lagMs);
        await clock.advance(1);
      }
      expect(isOver).toBe(true);
    },
  );

  it("of 0 ms has passed at once, without a timer", () => {
    const clock = manualClock();
    expect(setDeadline(clock, 0).leftMs()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
