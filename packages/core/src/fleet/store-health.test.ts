import { describe, expect, it } from "vitest";
import { CacheUnavailableError } from "../errors.ts";
import { createEventBus } from "../events/event-bus.ts";
import { manualClock } from "../testing/index.ts";
import { StoreHealth } from "./store-health.ts";

describe("a node's knowledge of its store", () => {
  it("is not changed by a command that fails late, after the outage has ended", async () => {
    const clock = manualClock();
    const bus = createEventBus({ clock, id: "test", environment: "test", node: "node" });
    const types: string[] = [];
    bus.subscribe(({ type }) => types.push(type));
    const health = new StoreHealth(clock, bus);
    const gone = new CacheUnavailableError("Gone.", { reason: "timeout" });
    const late = Promise.withResolvers<never>();
    const lateCommand = health.watched("get", () => late.promise).catch(() => {});
    await health.watched("get", () => Promise.reject(gone)).catch(() => {});
    await clock.advance(1_000);
    await health.watched("get", async () => "there");
    late.reject(gone);
    await lateCommand;
    expect([health.isReachable, types]).toEqual([true, ["store-unavailable", "store-recovered"]]);
    // A command that began afterwards counts.
    await health.watched("get", () => Promise.reject(gone)).catch(() => {});
    expect(health.isReachable).toBe(false);
  });
});
