/**
 * Of several outcomes that wait for the store, the newest is stored. A node that closes tries once
 * more.
 */
import { describe, expect, it } from "vitest";
import { parametersFor } from "../parameters.ts";
import { manualClock, seededRandom, type ManualClock } from "../testing/index.ts";
import type { Lease } from "../lease/lease.ts";
import { fleet, neverAsked, within } from "../scenarios/fleet.fixture.ts";
import { UnstoredOutcome } from "./unstored-outcome.ts";

interface Store {
  /** How often this outcome was offered to the store. */
  calls: number;
  readonly write: () => Promise<void>;
  answer(isStored: boolean): Promise<void>;
}

function world(): {
  clock: ManualClock;
  pending: UnstoredOutcome;
  lease: () => Lease & { isReleased: boolean };
  store: () => Store;
} {
  const clock = manualClock();
  const pending = new UnstoredOutcome({
    clock,
    random: seededRandom(3),
    parameters: parametersFor(neverAsked),
  });
  const lease = (): Lease & { isReleased: boolean } => {
    const { signal } = new AbortController();
    return {
      acquired: true,
      isReleased: false,
      ...{ name: "n", fence: 1, storeNowMs: 0, signal, lost: undefined, isHeld: () => true },
      async release() {
        this.isReleased = true;
        return true;
      },
      async [Symbol.asyncDispose]() {
        await this.release();
      },
    };
  };
  const store = (): Store => {
    const open: { resolve: () => void; reject: (error: Error) => void }[] = [];
    return {
      calls: 0,
      write() {
        this.calls += 1;
        return new Promise((resolve, reject) => open.push({ resolve, reject }));
      },
      async answer(isStored) {
        const next = open.shift();
        if (isStored) next?.resolve();
        else next?.reject(new Error("refused"));
        await clock.settle();
      },
    };
  };
  return { clock, pending, lease, store };
}

describe("an outcome that waits for the store", () => {
  it("stays pending when the running write of the previous outcome succeeds", async () => {
    const { clock, lease, pending, store } = world();
    const [older, newer, kept] = [store(), store(), lease()];
    pending.keep(60_000, kept, () => older.write());
    pending.retryNow();
    expect(older.calls).toBe(1);
    pending.keep(60_000, kept, () => newer.write());
    await older.answer(true);
    expect([pending.keeps(kept), kept.isReleased, newer.calls]).toEqual([true, false, 0]);
    await clock.advance(10_000);
    expect(newer.calls).toBe(1);
    await newer.answer(true);
    expect([pending.keeps(kept), kept.isReleased]).toEqual([false, true]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("stays pending when the running write of the previous outcome fails after its deadline", async () => {
    const { clock, lease, pending, store } = world();
    const [older, newer, kept] = [store(), store(), lease()];
    pending.keep(1_000, kept, () => older.write());
    pending.retryNow();
    pending.keep(60_000, kept, () => newer.write());
    await clock.advance(2_000);
    await older.answer(false);
    expect([pending.keeps(kept), kept.isReleased]).toEqual([true, false]);
    expect(newer.calls).toBe(1);
    await newer.answer(true);
    expect([pending.keeps(kept), kept.isReleased]).toEqual([false, true]);
  });

  it("is written as soon as the running write of the previous outcome has ended", async () => {
    const { clock, lease, pending, store } = world();
    const [older, newer, kept] = [store(), store(), lease()];
    pending.keep(60_000, kept, () => older.write());
    pending.retryNow();
    pending.keep(60_000, kept, () => newer.write());
    pending.retryNow();
    await older.answer(false);
    await clock.settle();
    expect(newer.calls).toBe(1);
  });

  it("is stored before flush resolves, even behind a running write of the previous outcome", async () => {
    for (const isStored of [true, false]) {
      const { clock, lease, pending, store } = world();
      const [older, newer, kept] = [store(), store(), lease()];
      pending.keep(60_000, kept, () => older.write());
      pending.retryNow();
      pending.keep(60_000, kept, () => newer.write());
      let flushed: boolean | undefined;
      const flushing = pending.flush().then((isDone) => (flushed = isDone));
      await older.answer(isStored);
      expect([flushed, newer.calls]).toEqual([undefined, 1]);
      await newer.answer(true);
      await flushing;
      expect([flushed, pending.keeps(kept)]).toEqual([true, false]);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("is written when its node closes, even behind a running write of the previous outcome", async () => {
    const { lease, pending, store } = world();
    const [older, newer, kept] = [store(), store(), lease()];
    pending.keep(60_000, kept, () => older.write());
    pending.retryNow();
    pending.keep(60_000, kept, () => newer.write());
    const closed = pending.close();
    await older.answer(false);
    expect(newer.calls).toBe(1);
    await newer.answer(true);
    await closed;
    expect(kept.isReleased).toBe(true);
  });

  it("replaces the previous outcome and releases the lease of that one", async () => {
    const { clock, lease, pending, store } = world();
    const [older, newer, first, second] = [store(), store(), lease(), lease()];
    pending.keep(60_000, first, () => older.write());
    pending.keep(60_000, second, () => newer.write());
    expect([first.isReleased, second.isReleased]).toEqual([true, false]);
    await clock.advance(10_000);
    expect([older.calls, newer.calls]).toEqual([0, 1]);
    await newer.answer(true);
    expect(second.isReleased).toBe(true);
  });

  it("is tried exactly once more when its node closes", async () => {
    for (const isStored of [true, false]) {
      const { clock, lease, pending, store } = world();
      const [outcome, kept] = [store(), lease()];
      pending.keep(60_000, kept, () => outcome.write());
      const closed = pending.close();
      expect(outcome.calls).toBe(1);
      await outcome.answer(isStored);
      await closed;
      expect(kept.isReleased).toBe(true);
      await clock.advance(3_600_000);
      expect([outcome.calls, clock.pendingTimers]).toEqual([1, 0]);
    }
    // Without an outcome neither call does anything.
    await world().pending.close();
    expect(await world().pending.flush()).toBe(false);
  });

  it("is retried at growing intervals until its deadline, at last without a lease", async () => {
    const { clock, lease, pending } = world();
    const kept = lease();
    const startMs = clock.monotonicMs();
    const atMs: number[] = [];
    const write = async (): Promise<void> => {
      atMs.push(clock.monotonicMs() - startMs);
      throw new Error("refused");
    };
    pending.keep(120_000, kept, write);
    await clock.advance(14_000);
    expect(kept.isReleased).toBe(false);
    await clock.advance(600_000);
    expect(kept.isReleased).toBe(true);
    const pauses = atMs.slice(1).map((ms, index) => ms - atMs[index]!);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(12_000);
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0]!);
    expect(atMs.at(-1)).toBeGreaterThanOrEqual(120_000);
    expect(atMs.at(-1)).toBeLessThan(132_000);
    expect([pending.keeps(kept), clock.pendingTimers]).toEqual([false, 0]);
  });
});

describe("a node that closes before its credential is stored", () => {
  it("stores it if the store accepts writes again", async () => {
    const { clock, document, node, platform } = fleet({ latencyMs: 300 });
    const one = node();
    await within(clock, 2_000, one.get());
    await clock.advance(600_000);
    one.faults.next(
      "set",
      undefined,
      ...Array.from({ length: 1_000 }, () => "fail-before" as const),
    );
    await within(clock, 2_000, one.refresh());
    one.faults.forget("set");
    await within(clock, 2_000, one.close());
    expect((await document())?.credential?.secret).toBe(platform.latest);
  });
});
