/** Which waiters a change wakes, and which timers keep no process alive. */
import { describe, expect, it } from "vitest";
import { ChangeFeed } from "./change-feed.ts";
import type { Cache, WatchListener } from "../cache/cache.ts";
import { manualClock } from "../testing/index.ts";
import type { TimerOptions } from "../time/time.ts";

function bench() {
  const clock = manualClock();
  const timers: (TimerOptions | undefined)[] = [];
  const setTimer: typeof clock.setTimer = (ms, fire, options) => {
    timers.push(options);
    return clock.setTimer(ms, fire, options);
  };
  const store = { failure: undefined as Error | undefined };
  const read = async (): Promise<void> => {
    if (store.failure !== undefined) throw store.failure;
  };
  const feed = new ChangeFeed({ ...clock, setTimer }, { read, drawDelayMs: () => 50 });
  const listeners: WatchListener[] = [];
  const cache: Pick<Cache, "watch"> = {
    watch: async (listener) => {
      listeners.push(listener);
      return async () => {};
    },
  };
  const change = () => listeners.forEach((listener) => listener("key"));
  return { cache, change, clock, feed, store, timers };
}

describe("callers that wait for a change", () => {
  it("are all woken, even after one of them has given up", async () => {
    const { clock, feed } = bench();
    const news: [string, boolean][] = [];
    const wait = (who: string, ms: number) =>
      void feed.next(ms).then((isNews) => news.push([who, isNews]));
    wait("short", 100);
    wait("long", 1_000);
    await clock.advance(100);
    wait("late", 1_000);
    feed.wake();
    await clock.settle();
    expect(news).toEqual([
      ["short", false],
      ["long", true],
      ["late", true],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("are woken when the change feed closes", async () => {
    const { clock, feed } = bench();
    const waiting = feed.next(60_000);
    feed.close();
    expect(await waiting).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a read after a change", () => {
  it("keeps no process alive while it is delayed or waits for a retry", async () => {
    const { cache, change, clock, feed, store, timers } = bench();
    await feed.subscribe(cache, "key", 500);
    timers.length = 0;
    store.failure = new Error("gone");
    change();
    await clock.advance(50);
    expect(timers).toEqual([{ background: true }, { background: true }]);
    feed.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
