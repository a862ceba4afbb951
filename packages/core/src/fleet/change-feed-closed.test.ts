/** A change feed that was closed or paused leaves nothing behind. */
import { describe, expect, it } from "vitest";
import type { WatchListener } from "../cache/cache.ts";
import { delay } from "../time/time.ts";
import { manualClock } from "../testing/index.ts";
import { ChangeFeed } from "./change-feed.ts";

function world(fails: boolean) {
  const clock = manualClock();
  let readings = 0;
  const reread = async (): Promise<void> => {
    readings += 1;
    await delay(clock, 300);
    if (fails) throw new Error("the store failed");
  };
  const feed = new ChangeFeed(clock, { read: reread, drawDelayMs: () => 100 });
  const listeners: WatchListener[] = [];
  const watch = async (listener: WatchListener): Promise<() => Promise<void>> => {
    listeners.push(listener);
    return async () => {};
  };
  return {
    clock,
    feed,
    listeners,
    subscribe: () => feed.subscribe({ watch }, "k", 500),
    readings: () => readings,
  };
}

describe("a change feed", () => {
  it("that is closed sets no timer for messages that still arrive", async () => {
    const { clock, subscribe, listeners, feed, readings } = world(false);
    await subscribe();
    feed.close();
    listeners[0]?.("k");
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1_000);
    expect(readings()).toBe(0);
  });

  it.each(["close", "unsubscribe"] as const)(
    "sets no timer for a read that fails after its %s",
    async (end) => {
      const { clock, subscribe, listeners, feed, readings } = world(true);
      await subscribe();
      listeners[0]?.("k");
      await clock.advance(200);
      expect(readings()).toBe(1);
      feed[end]();
      await clock.advance(200);
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(3_600_000);
      expect(readings()).toBe(1);
    },
  );

  it("that is unsubscribed while it subscribes has no subscription, and can subscribe again", async () => {
    const clock = manualClock();
    const feed = new ChangeFeed(clock, { read: async () => {}, drawDelayMs: () => 0 });
    const opened = { count: 0, standing: 0 };
    const watch = async (): Promise<() => Promise<void>> => {
      opened.count += 1;
      opened.standing += 1;
      await delay(clock, 100);
      return async () => void (opened.standing -= 1);
    };
    void feed.subscribe({ watch }, "one", 500);
    feed.unsubscribe();
    await clock.advance(200);
    expect(feed.isSubscribed).toBe(false);
    const again = feed.subscribe({ watch }, "other", 500);
    await clock.advance(200);
    expect(await again).toBe(true);
    expect(feed.isSubscribed).toBe(true);
    expect(opened).toEqual({ count: 2, standing: 1 });
  });

  it("that is paused reads nothing, and reads again when it resumes", async () => {
    const { clock, subscribe, listeners, feed, readings } = world(false);
    await subscribe();
    feed.pause();
    listeners[0]?.("k");
    await clock.advance(1_000);
    expect([readings(), clock.pendingTimers]).toEqual([0, 0]);
    feed.resume();
    listeners[0]?.("k");
    await clock.advance(1_000);
    expect(readings()).toBe(1);
    feed.close();
  });

  it("grants no subscription after it was closed", async () => {
    const { subscribe, listeners, feed } = world(false);
    feed.close();
    expect(await subscribe()).toBe(false);
    expect(listeners).toHaveLength(0);
  });
});
