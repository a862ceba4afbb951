import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { delay } from "../time/time.ts";
import { manualClock } from "./manual-clock.ts";

describe("manualClock", () => {
  it("fires timers in the order of their times, and those of one instant in the order they were set", async () => {
    const clock = manualClock();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push("b"));
    clock.setTimer(10, () => fired.push("a"));
    clock.setTimer(20, () => fired.push("c"), { background: true });
    expect(clock.pendingTimers).toBe(3);
    await clock.advance(19);
    expect(fired).toEqual(["a"]);
    await clock.advance(1);
    expect(fired).toEqual(["a", "b", "c"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets all effects of a timer settle before time goes on", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      await delay(clock, 5);
      await setImmediate();
      await Promise.resolve();
      seen.push(clock.monotonicMs());
      await delay(clock, 5);
      seen.push(clock.monotonicMs());
    };
    const done = work();
    await clock.advance(100);
    await done;
    expect(seen).toEqual([5, 10]);
  });

  it("does not fire a cancelled timer", async () => {
    const clock = manualClock();
    let fired = false;
    const cancel = clock.setTimer(5, () => {
      fired = true;
    });
    cancel();
    cancel();
    await clock.advance(10);
    expect(fired).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it("fires at whole milliseconds, never early, as the machine's timers do", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    const firedAtMs: number[] = [];
    clock.setTimer(0.1, () => firedAtMs.push(clock.monotonicMs()));
    clock.setTimer(3, () => firedAtMs.push(clock.monotonicMs()));
    await clock.advance(10);
    expect(firedAtMs).toEqual([1, 3]);
  });

  it("treats a negative delay as zero", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    let firedAtMs: number | undefined;
    clock.setTimer(-5, () => {
      firedAtMs = clock.monotonicMs();
    });
    await clock.advance(0);
    expect(firedAtMs).toBe(0);
  });

  it("moves only the wall clock by a step", () => {
    const clock = manualClock({ wallMs: 1000, monotonicMs: 5 });
    clock.stepWall(-400);
    expect([clock.wallMs(), clock.monotonicMs(), clock.worldMs()]).toEqual([600, 5, 1000]);
  });

  it("keeps the monotonic clock and the timers still while suspended", async () => {
    const clock = manualClock({ wallMs: 1000, monotonicMs: 5 });
    let fired = false;
    clock.setTimer(10, () => {
      fired = true;
    });
    clock.suspend(60_000);
    expect([clock.wallMs(), clock.monotonicMs(), clock.worldMs()]).toEqual([61_000, 5, 61_000]);
    await clock.advance(9);
    expect(fired).toBe(false);
    await clock.advance(1);
    expect(fired).toBe(true);
  });

  it("lets time pass without firing while the event loop is stalled, and then fires overdue timers", async () => {
    const clock = manualClock({ monotonicMs: 0 });
    const firedAtMs: number[] = [];
    clock.setTimer(10, () => firedAtMs.push(clock.monotonicMs()));
    clock.stall(50);
    expect(firedAtMs).toEqual([]);
    await clock.advance(0);
    expect(firedAtMs).toEqual([50]);
  });

  it("refuses negative and infinite durations", async () => {
    const clock = manualClock();
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError);
    expect(() => clock.setTimer(Number.POSITIVE_INFINITY, () => {})).toThrow(RangeError);
  });
});
