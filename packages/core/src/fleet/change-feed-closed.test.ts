/** What a change feed leaves behind when it has been closed or made deaf: nothing. */
import { describe, expect, it } from "vitest";
import type { WatchListener } from "../cache/cache.ts";
import { delay } from "../time/time.ts";
import { manualClock } from "../testing/index.ts";
import { News } from "./change-feed.ts";

function world(fails: boolean) {
  const clock = manualClock();
  let readings = 0;
  const reread = async (): Promise<void> => {
    readings += 1;
    await delay(clock, 300);
    if (fails) throw new Error("the store failed");
  };
  const news = new News({ clock, reread, putOffMs: () => 100 });
  const listeners: WatchListener[] = [];
  const watch = async (listener: WatchListener): Promise<() => Promise<void>> => {
    listeners.push(listener);
    return async () => {};
  };
  return {
    clock,
    news,
    listeners,
    listen: () => news.listen({ watch }, "k", 500),
    readings: () => readings,
  };
}

describe("a change feed", () => {
  it("that is closed sets no timer for what it is still told", async () => {
    const { clock, listen, listeners, news, readings } = world(false);
    await listen();
    news.close();
    listeners[0]?.("k");
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1_000);
    expect(readings()).toBe(0);
  });

  it.each(["close", "deafen"] as const)(
    "sets no timer for a reading that fails after its %s",
    async (end) => {
      const { clock, listen, listeners, news, readings } = world(true);
      await listen();
      listeners[0]?.("k");
      await clock.advance(200);
      expect(readings()).toBe(1);
      news[end]();
      await clock.advance(200);
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(3_600_000);
      expect(readings()).toBe(1);
    },
  );

  it("that is muted reads nothing, and reads again when it is not", async () => {
    const { clock, listen, listeners, news, readings } = world(false);
    await listen();
    news.mute();
    listeners[0]?.("k");
    await clock.advance(1_000);
    expect([readings(), clock.pendingTimers]).toEqual([0, 0]);
    news.unmute();
    listeners[0]?.("k");
    await clock.advance(1_000);
    expect(readings()).toBe(1);
    news.close();
  });

  it("grants no subscription once it is closed", async () => {
    const { listen, listeners, news } = world(false);
    news.close();
    expect(await listen()).toBe(false);
    expect(listeners).toHaveLength(0);
  });
});
