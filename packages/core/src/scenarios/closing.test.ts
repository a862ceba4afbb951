import { describe, expect, it } from "vitest";
import type { Cache, WatchListener } from "../cache/cache.ts";
import { faultPlan, faultyCache, type FaultPlan } from "../testing/index.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

/** A node whose subscriptions are counted where the store keeps them. */
function listening(role: "owner" | "consumer" = "owner"): Fleet & {
  readonly one: Node;
  readonly faults: FaultPlan;
  readonly listeners: Set<WatchListener>;
} {
  const world = fleet();
  const faults = faultPlan({ clock: world.clock });
  const listeners = new Set<WatchListener>();
  const cache = counted(faultyCache(world.store.cache(), faults), listeners);
  return { ...world, one: world.node({ cache, role }), faults, listeners };
}

function counted(cache: Cache, listeners: Set<WatchListener>): Cache {
  return {
    ...cache,
    async watch(listener) {
      const unsubscribe = await cache.watch!(listener);
      listeners.add(listener);
      return async () => {
        await unsubscribe();
        listeners.delete(listener);
      };
    },
    withPrefix: (segment) => counted(cache.withPrefix(segment), listeners),
    at: (path) => counted(cache.at(path), listeners),
  };
}

describe("closing", () => {
  it.each(["owner", "consumer"] as const)(
    "leaves no subscription, whether of the %s",
    async (role) => {
      const { clock, node, one, listeners } = listening(role);
      await within(clock, 2_000, Promise.all([node().get(), one.get()]));
      await clock.advance(1_000);
      expect(listeners.size).toBe(1);
      await within(clock, 10, one.close());
      await clock.settle();
      expect(listeners.size).toBe(0);
    },
  );

  it("leaves no subscription that the store grants afterwards", async () => {
    const { clock, one, faults, listeners } = listening();
    faults.next("watch", { replyMs: 400 });
    await within(clock, 2_000, one.get());
    while (faults.calls("watch") === 0) await clock.advance(10);
    await within(clock, 10, one.close());
    expect(listeners.size).toBe(0);
    await clock.advance(1_000);
    expect(listeners.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves no subscription of a caller that waited for another node's request", async () => {
    const { clock, node, one, platform, listeners } = listening();
    platform.script({ requestMs: 5_000 });
    const leader = node();
    const lead = leader.get();
    await clock.advance(100);
    const told = expect(one.get()).rejects.toMatchObject({ code: "CLOSED" });
    await clock.advance(1_000);
    expect(listeners.size).toBe(1);
    const closed = one.close();
    await within(clock, 10, told);
    await within(clock, 10, closed);
    await clock.settle();
    expect(listeners.size).toBe(0);
    await within(clock, 5_000, lead);
    await within(clock, 10, leader.close());
    expect(clock.pendingTimers).toBe(0);
  });
});
