/** When waiters of the change feed are woken, with which result, and what they leave behind. */
import { describe, expect, it } from "vitest";
import type { Cache, WatchListener } from "../cache/cache.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import { manualClock } from "../testing/index.ts";
import { ChangeFeed } from "./change-feed.ts";

function world(watch?: (listener: WatchListener) => Promise<Unsubscribe | undefined>) {
  const clock = manualClock();
  const readings = { count: 0, fails: false };
  const reread = async (): Promise<void> => {
    readings.count += 1;
    if (readings.fails) throw new Error("the store failed");
  };
  const feed = new ChangeFeed(clock, { read: reread, drawDelayMs: () => 100 });
  const told: WatchListener[] = [];
  const usual = async (listener: WatchListener): Promise<Unsubscribe> => {
    told.push(listener);
    return async () => {};
  };
  const cache = { watch: watch ?? usual } as Pick<Cache, "watch">;
  return { clock, feed, readings, told, cache, subscribe: () => feed.subscribe(cache, "k", 500) };
}

describe("a waiter of the change feed", () => {
  it("resolves to true after a message and to false at its timeout", async () => {
    for (const fails of [false, true]) {
      const { clock, subscribe, feed, readings, told } = world();
      readings.fails = fails;
      await subscribe();
      const woken = feed.next(5_000);
      told[0]?.("k");
      await clock.settle();
      // A caller waits, so it was read at once.
      expect(readings.count).toBe(1);
      expect(await woken).toBe(true);
      feed.close();
      expect(clock.pendingTimers).toBe(0);
    }
    const { clock, feed } = world();
    const late = feed.next(300);
    await clock.advance(300);
    expect(await late).toBe(false);
    feed.wake();
    expect(clock.pendingTimers).toBe(0);
  });

  it("makes a read immediate that would be delayed", async () => {
    const { clock, subscribe, readings, told, feed } = world();
    await subscribe();
    told[0]?.("k");
    await clock.advance(99);
    expect(readings.count).toBe(0);
    await clock.advance(1);
    expect(readings.count).toBe(1);
    // No caller waits any more, so the next read is delayed too.
    const woken = feed.next(50);
    await clock.advance(50);
    await woken;
    told[0]?.("k");
    await clock.advance(99);
    expect(readings.count).toBe(1);
  });
});

describe("a subscription", () => {
  it("exists only once the store has granted it", async () => {
    const granted = world();
    expect(granted.feed.isSubscribed).toBe(false);
    expect(await granted.subscribe()).toBe(true);
    expect([granted.feed.isSubscribed, granted.clock.pendingTimers]).toEqual([true, 0]);
    const failing = world(() => Promise.reject(new Error("refused")));
    const none = world(async () => undefined);
    for (const { subscribe, feed } of [failing, none])
      expect([await subscribe(), feed.isSubscribed]).toEqual([false, false]);
    expect(await none.feed.subscribe({}, "k", 500)).toBe(false);
    none.feed.unsubscribe();
    const silent = world(() => new Promise(() => {}));
    const asked = silent.subscribe();
    await silent.clock.advance(500);
    expect(await asked).toBe(false);
  });

  it("that failed is requested again by the next listener", async () => {
    let tries = 0;
    const { subscribe } = world(async () => {
      tries += 1;
      if (tries === 1) throw new Error("refused");
      return async () => {};
    });
    expect([await subscribe(), await subscribe(), tries]).toEqual([false, true, 2]);
    expect([await subscribe(), tries]).toEqual([true, 2]);
  });

  it("remembers the time of its last message", async () => {
    const { clock, subscribe, feed, told } = world();
    await subscribe();
    const beforeMs = clock.monotonicMs();
    expect(feed.hasReceivedSince(beforeMs)).toBe(false);
    told[0]?.("k");
    expect([feed.hasReceivedSince(beforeMs), feed.hasReceivedSince(beforeMs + 1)]).toEqual([
      true,
      false,
    ]);
    feed.close();
  });
});
