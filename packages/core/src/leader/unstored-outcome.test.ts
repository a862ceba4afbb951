/** How often an outcome that waits for the store is offered, and how long its lease is kept. */
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
  /** A store that refuses until it is told otherwise. */
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

describe("an outcome that the store did not take", () => {
  it("is offered four times a second, and less often the longer the store is away", async () => {
    const { clock, lease, pending, store, timers } = bench();
    const made = store();
    pending.keep(60 * minuteMs, lease().lease, made.write);
    await clock.advance(1_000);
    expect(made.atMs).toEqual([250, 500, 750, 1_000]);
    await clock.advance(2 * minuteMs);
    const [before, last] = made.atMs.slice(-2);
    // After two minutes every three seconds: a fortieth.
    expect(last! - before!).toBeGreaterThanOrEqual(2_800);
    expect(last! - before!).toBeLessThanOrEqual(3_100);
    await clock.advance(50 * minuteMs);
    const [earlier, latest] = made.atMs.slice(-2);
    expect(latest! - earlier!).toBe(10_000);
    // It keeps no process alive.
    expect(timers.every((options) => options?.background)).toBe(true);
  });

  it.each([
    [0, 200],
    [0.5, 250],
  ])("is not offered by all nodes at once: %d", async (draw, atMs) => {
    const { clock, lease, pending, store } = bench(draw);
    const made = store();
    pending.keep(minuteMs, lease().lease, made.write);
    await clock.advance(atMs);
    expect(made.atMs).toEqual([atMs]);
  });

  it("is given up when it is of no use any more, and the lease with it", async () => {
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

  it("keeps its lease while the request may be processed, and is offered further without it", async () => {
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

  it("keeps its lease for as long as a request may be in flight, from the moment when it came", async () => {
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

  it("is stored as soon as the store takes it, and the lease is given back", async () => {
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

  it("is offered once at a time", async () => {
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

  it("takes the place of the one before under the same lease, which is kept", async () => {
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

describe("the last try of a process that closes", () => {
  it("is made once, and the lease is given back, whatever becomes of it", async () => {
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
