import { describe, expect, it } from "vitest";
import type { Random } from "../random.ts";
import { listenForRelease, pauseMs } from "./release-wait.ts";
import { bench } from "../testing/lease-bench.test.helper.ts";

/** Draws the same number each time. */
const drawing = (value: number): Random => ({ next: () => value, id: () => "id" });
const busy = (remainingMs: number): { acquired: false; remainingMs: number } => ({
  acquired: false,
  remainingMs,
});

describe("the pause before a held lock is requested again", () => {
  it("ends just after the holder's lease, a few ms apart for callers that wait together", () => {
    expect(pauseMs(busy(300), 0, true, drawing(0))).toBe(301);
    expect(pauseMs(busy(300), 0, true, drawing(0.5))).toBe(303);
    expect(pauseMs(busy(-5), 0, true, drawing(0))).toBe(1);
    expect(pauseMs(busy(60_000), 0, true, drawing(0))).toBe(10_000);
  });

  it("without messages grows in steps from 25 ms to a quarter of a second, each at least half as long", () => {
    const steps = (draw: number): number[] =>
      [0, 1, 2, 3, 4, 10, 50].map((tries) => pauseMs(busy(60_000), tries, false, drawing(draw)));
    expect(steps(0)).toEqual([12.5, 25, 50, 100, 125, 125, 125]);
    expect(pauseMs(busy(60_000), 0, false, drawing(0.5))).toBe(18.75);
    expect(pauseMs(busy(5), 50, false, drawing(0))).toBe(6);
  });
});

describe("a caller that waits for a release", () => {
  const request = (world: ReturnType<typeof bench>) => ({
    ...{ lock: world.lock, name: "n", ttlMs: 1_000, storeDeadlineMs: 500 },
    ...{ clock: world.clock, random: world.random, onEnd: () => {} },
  });

  it("sleeps even if the lock has no messages, or if it cannot subscribe now", async () => {
    for (const world of [bench({ pushes: false }), bench()]) {
      world.plan.next("onRelease", "fail-before");
      const wakeUp = await listenForRelease(request(world), new AbortController().signal);
      expect(wakeUp.isPushed).toBe(false);
      const nap = wakeUp.sleep(50);
      await world.clock.advance(50);
      await nap;
      wakeUp.end();
      world.expectNothingLeft();
    }
  });

  it("leaves no timer and no listener when it gives up", async () => {
    const world = bench();
    const controller = new AbortController();
    const wakeUp = await listenForRelease(request(world), controller.signal);
    const nap = wakeUp.sleep(5_000);
    controller.abort(new Error("enough"));
    await expect(nap).rejects.toThrow("enough");
    await expect(wakeUp.sleep(5_000)).rejects.toThrow("enough");
    wakeUp.end();
    await world.clock.settle();
    world.expectNothingLeft();
    world.plan.next("onRelease", "fail-before");
    await expect(listenForRelease(request(world), controller.signal)).rejects.toThrow("enough");
  });

  it("leaves no listener on the signal after a sleep that ended", async () => {
    const world = bench();
    const { signal } = new AbortController();
    const [added, removed] = [[] as unknown[], [] as unknown[]];
    const counted = new Proxy(signal, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name === "addEventListener") added.push(args.slice(0, 2));
          if (name === "removeEventListener") removed.push(args.slice(0, 2));
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
    const wakeUp = await listenForRelease(request(world), counted);
    const nap = wakeUp.sleep(5);
    await world.clock.advance(5);
    await nap;
    expect(added.length).toBeGreaterThan(0);
    expect(removed).toEqual(added);
    wakeUp.end();
  });
});
