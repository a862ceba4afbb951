import { expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

it("a holder that vanishes in mid-life leaves a request that nobody reports: the others reconcile before the overlap ends", async () => {
  const world = fleet();
  const [lost, heir] = [world.node(), world.node()];
  await within(world.clock, 1_000, lost.get());
  await within(world.clock, 1_000, heir.get());
  await world.clock.advance(600_000);

  world.platform.script({ requestMs: 1_000 });
  lost.refresh().catch(() => {});
  await world.clock.advance(500);
  lost.faults.unreachable = true;
  for (let second = 0; second < 600; second += 10) {
    await world.clock.advance(10_000);
    expect(world.platform.alive(heir.peek()!), `after ${second} s`).toBe(true);
  }
  expect(heir.peek()?.reveal()).toBe(world.platform.latest);
  expect(await world.document()).not.toHaveProperty("doubtSinceMs");
  expect(await world.document()).not.toHaveProperty("intent");
});
