/** When a refresh that meets a taken lease opens its subscription. */
import { describe, expect, it } from "vitest";
import type { Goal } from "../fleet/local-copy.ts";
import { fleet, type Fleet } from "../scenarios/fleet.fixture.ts";
import { assembled } from "../scenarios/node.fixture.ts";
import { emptyState } from "../state/state.ts";

const cold: Goal = { reason: "cold" };

/** A node whose lease another process holds. */
async function waiting(): Promise<Fleet & ReturnType<typeof assembled>> {
  const world = fleet();
  await world.store.lock().withPrefix("production").tryAcquire(world.platform.id, "other", 60_000);
  return { ...world, ...assembled(world) };
}

describe("a refresh that meets a taken lease", () => {
  it("subscribes 25 ms later, when the holder has written its intent", async () => {
    const { assembly, clock, refresh } = await waiting();
    const { feed } = assembly.source;
    refresh(cold).catch(() => {});
    await clock.advance(24);
    expect(feed.isSubscribed).toBe(false);
    await clock.advance(1);
    expect(feed.isSubscribed).toBe(true);
  });

  it("subscribes at once if the intent is written", async () => {
    const { assembly, clock, refresh, write } = await waiting();
    await write({ ...emptyState, intent: { epoch: 1, operationId: "1", atMs: clock.wallMs() } });
    refresh(cold).catch(() => {});
    await clock.settle();
    expect(assembly.source.feed.isSubscribed).toBe(true);
  });

  it("waits for a change at once if it has a subscription", async () => {
    const { assembly, blocks, clock, refresh } = await waiting();
    await assembly.source.subscribeAndRead();
    refresh(cold).catch(() => {});
    await clock.settle();
    expect(blocks).toMatchObject([{ kind: "wait" }]);
  });

  it("fails at once, without a timer, if its caller does not wait", async () => {
    const { assembly, clock, refresh } = await waiting();
    let isOver = false;
    void refresh(cold, false).catch(() => (isOver = true));
    await clock.settle();
    expect([isOver, assembly.source.feed.isSubscribed]).toEqual([true, true]);
  });
});
