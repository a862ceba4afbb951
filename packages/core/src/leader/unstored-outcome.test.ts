/** How often an unstored outcome is retried, and how long its lease is kept. */
import { describe, expect, it } from "vitest";
import type { LeaderLease } from "./attempt.ts";
import { UnstoredOutcome } from "./unstored-outcome.ts";
import { parametersFor } from "../parameters.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { manualClock, seededRandom } from "../testing/index.ts";
import type { TimerOptions } from "../time/time.ts";

const minuteMs = 60_000;

function bench(draw = 0.5) {
  const clock = manualClock();
  const timers: (TimerOptions | undefined)[] = [];
  const setTimer: typeof clock.setTimer = (ms, fire, options) => {
    timers.push(options);
    return clock.setTimer(ms, fire, options);
  };
  const pending = new UnstoredOutcome({
    clock: { ...clock, setTimer },
    random: { ...seededRandom("unstored"), next: () => draw },
    parameters: parametersFor(neverAsked),
  });
  const lease = () => {
    const released = { count: 0 };
    const { signal } = new AbortController();
    const release = async () => (released.count += 1);
    const held: LeaderLease = { fence: 1, signal, lost: undefined, isHeld: () => true, release };
    return { lease: held, released };
  };
  const startMs = clock.monotonicMs();
  /** A store that refuses until `works` is set. */
  const store = () => {
    const made = { atMs: [] as number[], works: false };
    const write = async (): Promise<void> => {
      made.atMs.push(clock.monotonicMs() - startMs);
      if (!made.works) throw new Error("refused");
    };
    return Object.assign(made, { write });
  };
  return { clock, lease, pending, store, timers };
}

describe("an outcome that the store refused", () => {
  it("is retried four times a second at first, and less often the longer the outage lasts", async () => {
    const { clock, lease, pending, store, timers } = bench();
    const made = store();
    pending.keep(60 * minuteMs, lease().lease, made.write);
    await clock.advance(1_000);
    expect(made.atMs).toEqual([250, 500, 750, 1_000]);
    await clock.advance(minuteMs / 3);
    const [before, last] = made.atMs.slice(-2);
    // After twenty seconds the pause is a fortieth of that time: half a second.
    expect(last! - before!).toBeGreaterThanOrEqual(480);
    expect(last! - before!).toBeLessThanOrEqual(530);
    await clock.advance(50 * minuteMs);
    const [earlier, latest] = made.atMs.slice(-2);
    // Consumers may be waiting, so it stays below two seconds.
    expect(latest! - earlier!).toBe(1_000);
    // It keeps no process alive.
    expect(timers.every((options) => options?.background)).toBe(true);
  });

  it.each([
    [0, 200],
    [0.5, 250],
  ])(
    "is retried after a random pause, so that nodes do not write together: %d",
    async (draw, atMs) => {
      const { clock, lease, pending, store } = bench(draw);
      const made = store();
      pending.keep(minuteMs, lease().lease, made.write);
      await clock.advance(atMs);
      expect(made.atMs).toEqual([atMs]);
    },
  );

  it("is dropped at its deadline, and its lease is released", async () => {
    const { clock, lease, pending, store } = bench();
    const [made, { lease: held, released }] = [store(), lease()];
    pending.keep(1_000, held, made.write);
    await clock.advance(999);
    expect(pending.keeps(held)).toBe(true);
    expect(released.count).toBe(0);
    await clock.advance(1);
    expect(pending.keeps(held)).toBe(false);
    expect(released.count).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    expect(await pending.flush()).toBe(false);
  });

  it("releases its lease once the request must have been processed, and is still retried", async () => {
    const { clock, lease, pending, store } = bench();
    const [made, { lease: held, released }] = [store(), lease()];
    pending.keep(60 * minuteMs, held, made.write);
    await clock.advance(14_750);
    expect(released.count).toBe(0);
    await clock.advance(500);
    expect(released.count).toBeGreaterThan(0);
    const { length } = made.atMs;
    await clock.advance(minuteMs);
    expect(made.atMs.length).toBeGreaterThan(length);
  });

  it("keeps its lease as long as a request may be in flight, counted from its arrival", async () => {
    const { clock, lease, pending, store } = bench();
    await clock.advance(60 * minuteMs);
    const [made, { lease: held, released }] = [store(), lease()];
    pending.keep(60 * minuteMs, held, made.write);
    await clock.advance(250);
    expect(made.atMs).toEqual([60 * minuteMs + 250]);
    await clock.advance(14_749);
    pending.retryNow();
    await clock.settle();
    expect(released.count).toBe(0);
    await clock.advance(1);
    pending.retryNow();
    await clock.settle();
    expect(released.count).toBeGreaterThan(0);
  });

  it("is stored once the store accepts it, and its lease is released", async () => {
    const { clock, lease, pending, store } = bench();
    const [made, { lease: held, released }] = [store(), lease()];
    pending.keep(minuteMs, held, made.write);
    await clock.advance(300);
    made.works = true;
    pending.retryNow();
    await clock.settle();
    expect(made.atMs).toEqual([250, 300]);
    expect(released.count).toBeGreaterThan(0);
    expect(pending.keeps(held)).toBe(false);
    const unheard: unknown[] = [];
    const note = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", note);
    pending.retryNow();
    await clock.advance(minuteMs);
    process.off("unhandledRejection", note);
    expect(unheard).toEqual([]);
    expect(made.atMs).toHaveLength(2);
  });

  it("has only one write in flight at a time", async () => {
    const { clock, lease, pending } = bench();
    const open: (() => void)[] = [];
    const write = (): Promise<void> => new Promise((resolve) => open.push(resolve));
    pending.keep(minuteMs, lease().lease, write);
    pending.retryNow();
    pending.retryNow();
    const flushes = [pending.flush(), pending.flush()];
    await clock.settle();
    expect(open).toHaveLength(1);
    open[0]?.();
    expect(await Promise.all(flushes)).toEqual([true, true]);
    expect(open).toHaveLength(1);
  });

  it("replaces the previous outcome, and keeps the lease if both share it", async () => {
    const { clock, lease, pending, store } = bench();
    const [first, second, other] = [store(), store(), store()];
    const [{ lease: held, released }, { lease: next }] = [lease(), lease()];
    pending.keep(minuteMs, held, first.write);
    pending.keep(minuteMs, held, second.write);
    expect(released.count).toBe(0);
    await clock.advance(1_000);
    expect(first.atMs).toEqual([]);
    expect(second.atMs).toHaveLength(4);
    pending.keep(minuteMs, next, other.write);
    expect(released.count).toBe(1);
    expect(pending.keeps(next)).toBe(true);
    expect(pending.keeps(held)).toBe(false);
  });
});

describe("a process that closes with an unstored outcome", () => {
  it("tries once more to store it, and releases the lease even if that fails", async () => {
    for (const works of [true, false]) {
      const { clock, lease, pending, store } = bench();
      const [made, { lease: held, released }] = [store(), lease()];
      made.works = works;
      pending.keep(minuteMs, held, made.write);
      await pending.close();
      expect(made.atMs).toEqual([0]);
      expect(released.count).toBeGreaterThan(0);
      expect(pending.keeps(held)).toBe(false);
      expect(clock.pendingTimers).toBe(0);
      await pending.close();
      expect(made.atMs).toEqual([0]);
    }
  });
});
