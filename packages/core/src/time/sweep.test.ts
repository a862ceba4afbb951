import { describe, expect, it } from "vitest";
import { manualClock } from "../testing/index.ts";
import { Sweep } from "./sweep.ts";
import { sweepOf, systemClock } from "./time.ts";

const sleeper = (wake: () => void): { wake(): void } => ({ wake });

describe("a sweep", () => {
  it("wakes each of ten thousand waiters at its time with one timer", async () => {
    const clock = manualClock();
    const sweep = sweepOf(clock);
    const startMs = clock.monotonicMs();
    const woken: number[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const ms = (index * 7_919) % 100;
      sweep.add(
        ms,
        sleeper(() => {
          expect(clock.monotonicMs()).toBe(startMs + ms);
          woken.push(index);
        }),
      );
    }
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(100);
    expect(new Set(woken).size).toBe(10_000);
    expect(woken).toHaveLength(10_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("wakes no waiter that cancelled, and leaves no timer", async () => {
    const clock = manualClock();
    const sweep = sweepOf(clock);
    const woken: string[] = [];
    const first = sweep.add(
      10,
      sleeper(() => woken.push("first")),
    );
    const second = sweep.add(
      20,
      sleeper(() => woken.push("second")),
    );
    sweep.cancel(first);
    await clock.advance(15);
    sweep.cancel(second);
    sweep.cancel(second);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(50);
    expect(woken).toEqual([]);
  });

  it("goes on after a waiter that throws", () => {
    let fire = (): void => {};
    let nowMs = 0;
    const sweep = new Sweep({
      monotonicMs: () => nowMs,
      setTimer: (_ms, given) => {
        fire = given;
        return () => {};
      },
    });
    const woken: string[] = [];
    sweep.add(
      1,
      sleeper(() => {
        throw new Error("broken");
      }),
    );
    sweep.add(
      2,
      sleeper(() => woken.push("other")),
    );
    nowMs = 5;
    expect(() => fire()).toThrow("broken");
    fire();
    expect(woken).toEqual(["other"]);
  });

  it("exists once for each clock, the machine's included", () => {
    const [one, other] = [manualClock(), manualClock()];
    expect(sweepOf(one)).toBe(sweepOf(one));
    expect(sweepOf(one)).not.toBe(sweepOf(other));
    expect(sweepOf(systemClock)).toBe(sweepOf(systemClock));
  });
});
