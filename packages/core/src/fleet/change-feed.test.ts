import { describe, expect, it } from "vitest";
import type { Cache, WatchListener } from "../cache/cache.ts";
import { delay } from "../time/time.ts";
import { manualClock, type ManualClock } from "../testing/index.ts";
import { ChangeFeed } from "./change-feed.ts";

interface World {
  readonly clock: ManualClock;
  readonly feed: ChangeFeed;
  readonly readings: { count: number; fails: boolean; takeMs: number };
  readonly watched: {
    listener: WatchListener;
    ended: boolean;
    instead: unknown;
    unsubscribe: unknown;
  }[];
  subscribe(): Promise<boolean>;
}

/** A subscription is granted after `grantMs`, and delivers messages from the beginning. */
function world(grantMs = 0): World {
  const clock = manualClock();
  const readings = { count: 0, fails: false, takeMs: 0 };
  const watched: World["watched"] = [];
  const reread = async (): Promise<void> => {
    readings.count += 1;
    const { fails } = readings;
    await delay(clock, readings.takeMs);
    if (fails) throw new Error("the store failed");
  };
  const watch: NonNullable<Cache["watch"]> = async (listener, options) => {
    const subscription = {
      listener,
      ended: false,
      instead: options?.instead,
      unsubscribe: undefined as unknown,
    };
    watched.push(subscription);
    const unsubscribe = async (): Promise<void> => void (subscription.ended = true);
    subscription.unsubscribe = unsubscribe;
    if (grantMs > 0) await delay(clock, grantMs);
    return unsubscribe;
  };
  const feed = new ChangeFeed(clock, { read: reread, drawDelayMs: () => 0 });
  const cache: Pick<Cache, "watch"> = { watch };
  return { clock, feed, readings, watched, subscribe: () => feed.subscribe(cache, "k", 500) };
}

describe("a change feed", () => {
  it("reads nothing after close", async () => {
    const { clock, subscribe, feed, readings, watched } = world(200);
    Object.assign(readings, { fails: true, takeMs: 300 });
    const listening = subscribe();
    await clock.advance(50);
    watched[0]!.listener("k");
    await clock.advance(50);
    feed.close();
    await clock.advance(3_600_000);
    expect(readings.count).toBe(1);
    expect(await listening).toBe(true);
    expect(watched[0]!.ended).toBe(true);
    expect(feed.isSubscribed).toBe(false);
    expect(clock.pendingTimers).toBe(0);
    watched[0]!.listener("k");
    await clock.advance(1_000);
    expect(readings.count).toBe(1);
  });

  it("retries failed reads after growing pauses while there is a listener", async () => {
    const { clock, subscribe, feed, readings, watched } = world();
    await subscribe();
    readings.fails = true;
    watched[0]!.listener("k");
    const at: number[] = [];
    for (let seconds = 0, seen = 0; seconds < 400; seconds += 1) {
      if (readings.count > seen) at.push(seconds);
      seen = readings.count;
      await clock.advance(1_000);
    }
    const pauses = at.slice(1).map((second, index) => second - at[index]!);
    expect(pauses.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(pauses.slice(6).every((pause) => pause === 60)).toBe(true);
    readings.fails = false;
    await clock.advance(61_000);
    const { count } = readings;
    await clock.advance(600_000);
    expect(readings.count).toBe(count);
    feed.close();
  });

  it("reads after messages of its own key, or after missed messages", async () => {
    const { clock, subscribe, readings, watched } = world();
    await subscribe();
    watched[0]!.listener("other");
    await clock.settle();
    expect(readings.count).toBe(0);
    watched[0]!.listener("k");
    watched[0]!.listener(undefined);
    await clock.settle();
    expect(readings.count).toBe(2);
  });

  it("reads at most three times at once, and then every 200 ms", async () => {
    const { clock, subscribe, readings, watched } = world();
    await subscribe();
    for (let ms = 0; ms < 2_000; ms += 10) {
      watched[0]!.listener("k");
      await clock.advance(10);
    }
    expect(readings.count).toBeGreaterThanOrEqual(10);
    expect(readings.count).toBeLessThanOrEqual(13);
  });

  it("requests another subscription only if the present one missed a change", async () => {
    const { clock, subscribe, feed, watched } = world();
    await subscribe();
    await subscribe();
    expect(watched).toHaveLength(1);
    feed.unsubscribe();
    await clock.settle();
    expect(watched[0]!.ended).toBe(true);
    await subscribe();
    expect(watched[1]!.instead).toBeUndefined();
    feed.dropStale();
    await subscribe();
    expect(watched[2]!.instead).toBe(watched[1]!.unsubscribe);
  });
});
