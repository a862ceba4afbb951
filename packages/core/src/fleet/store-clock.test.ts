/** The store's time between its answers. */
import { describe, expect, it } from "vitest";
import { StoreClock } from "./store-clock.ts";
import type { CredentialEvent } from "../index.ts";
import { createEventBus } from "../events/event-bus.ts";
import { manualClock } from "../testing/index.ts";

const aheadMs = 3_600_000;

function bench() {
  const clock = manualClock();
  const bus = createEventBus({ id: "test", environment: "test", node: "a", clock });
  const events: CredentialEvent[] = [];
  bus.subscribe((event) => void events.push(event));
  const storeClock = new StoreClock(clock, bus);
  /** The store answers now, an hour ahead, after `ms`. */
  const answer = async (ms = 0, byMs = 0) => {
    const startedMs = clock.monotonicMs();
    const storeMs = clock.worldMs() + aheadMs + byMs;
    await clock.advance(ms);
    storeClock.observe(storeMs, startedMs);
  };
  const jumps = () =>
    events.map((event) => event.type === "clock-jumped" && [event.where, event.jumpMs]);
  return { answer, clock, jumps, storeClock };
}

describe("the store's time", () => {
  it("is the wall clock's until the store has answered", async () => {
    const { clock, storeClock } = bench();
    expect(storeClock.isSet).toBe(false);
    expect(storeClock.isDoubtful).toBe(false);
    expect(storeClock.nowMs()).toBe(clock.wallMs());
    expect(storeClock.monotonicAt(clock.wallMs() + 500)).toBe(clock.monotonicMs() + 500);
    clock.stepWall(60_000);
    expect(storeClock.isDoubtful).toBe(false);
  });

  it("follows this node's monotonic clock in whole ms, and is never ahead of the store", async () => {
    const { answer, clock, storeClock } = bench();
    const storeMs = clock.worldMs() + aheadMs;
    const startedMs = clock.monotonicMs();
    await answer(200);
    expect(storeClock.isSet).toBe(true);
    // The store may have answered at the beginning or at the end of the call.
    expect(storeClock.nowMs()).toBe(storeMs);
    expect(storeClock.monotonicAt(storeMs)).toBe(startedMs);
    await clock.advance(1_000.7);
    expect(storeClock.nowMs()).toBe(storeMs + 1_000);
    clock.stepWall(-60_000);
    expect(storeClock.nowMs()).toBe(storeMs + 1_000);
    expect(storeClock.monotonicAt(storeMs + 5_000)).toBe(startedMs + 5_000);
  });

  it.each([5_001, -5_001])(
    "is not trusted if only the wall clock has moved by %i ms",
    async (ms) => {
      const { answer, clock, storeClock } = bench();
      await answer();
      await clock.advance(60_000);
      expect(storeClock.isDoubtful).toBe(false);
      clock.stepWall(ms - Math.sign(ms));
      expect(storeClock.isDoubtful).toBe(false);
      clock.stepWall(Math.sign(ms));
      expect(storeClock.isDoubtful).toBe(true);
      await answer();
      expect(storeClock.isDoubtful).toBe(false);
    },
  );
});

describe("a clock that jumps", () => {
  it.each([5_001, -5_001])(
    "is reported as the node's if its wall clock jumped: %i ms",
    async (ms) => {
      const { answer, clock, jumps } = bench();
      await answer();
      await clock.advance(60_000);
      clock.stepWall(ms);
      await answer();
      expect(jumps()).toEqual([["node", ms]]);
      await answer();
      expect(jumps()).toHaveLength(1);
    },
  );

  it.each([5_001, -5_001])("is reported as the store's otherwise: %i ms", async (ms) => {
    const { answer, clock, jumps } = bench();
    await answer();
    await clock.advance(60_000);
    await answer(0, ms);
    expect(jumps()).toEqual([["store", ms]]);
  });

  it("is ignored up to five seconds, or within the delay of the answers", async () => {
    const { answer, clock, jumps } = bench();
    await answer();
    clock.stepWall(5_000);
    await answer(0, 5_000);
    await answer(2_000, 0);
    await clock.advance(1_000);
    // Both answers were in flight for 2 s.
    await answer(2_000, -7_000);
    expect(jumps()).toEqual([]);
    await answer(0, 8_000);
    expect(jumps()).toHaveLength(1);
  });
});
