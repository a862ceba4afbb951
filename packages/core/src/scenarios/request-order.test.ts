/**
 * Fencing alone is not enough, because the platform's order is not the store's. Each test creates
 * the worst case, reports no rejections, and checks for an hour that the fleet has a credential
 * that the platform accepts.
 */
import { describe, expect, it } from "vitest";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

async function staysAlive({ clock, platform }: Fleet, node: Node): Promise<void> {
  for (let minute = 0; minute < 60; minute += 1) {
    expect(platform.alive(node.peek()!), `minute ${minute}`).toBe(true);
    await clock.advance(60_000);
  }
}

describe("two requests whose order at the platform is unknown", () => {
  it("are reconciled when the first is processed late, after its client gave up", async () => {
    const world = fleet();
    const one = world.node();
    world.platform.script({ requestMs: 14_000 });
    await within(world.clock, 12_000, one.get());
    await world.clock.advance(10_000);
    expect(one.peek()?.reveal()).not.toBe(world.platform.latest);
    await staysAlive(world, one);
    expect((await world.document())?.doubtSinceMs).toBeUndefined();
    expect(world.platform.issues).toHaveLength(3);
  });

  it("are reconciled when the holder vanished after it sent, and its request is processed late (H4)", async () => {
    const world = fleet();
    const [lost, heir] = [world.node(), world.node()];
    world.platform.script({ requestMs: 14_000 });
    lost.get().catch(() => {});
    await world.clock.advance(100);
    lost.faults.unreachable = true;
    await within(world.clock, 20_000, heir.get());
    await world.clock.advance(5_000);
    expect(heir.peek()?.reveal()).not.toBe(world.platform.latest);
    await staysAlive(world, heir);
    expect((await world.document())?.doubtSinceMs).toBeUndefined();
  });

  it("are reconciled before the overlap ends if the holder vanished with a request in flight, and the token still works", async () => {
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

  it("are not both sent while the present credential works: the second waits until the first must have been processed", async () => {
    const world = fleet();
    const [lost, heir] = [world.node(), world.node()];
    await within(world.clock, 2_000, lost.get());
    await within(world.clock, 2_000, heir.get());
    await world.clock.advance(400_000);
    world.platform.script({ requestMs: 14_000 });
    lost.refresh().catch(() => {});
    await world.clock.advance(100);
    lost.faults.unreachable = true;
    await within(world.clock, 40_000, heir.refresh());
    const [, first, second] = world.platform.issues;
    expect(second!.sentAtMs).toBeGreaterThanOrEqual(first!.sentAtMs + 15_000);
    await staysAlive(world, heir);
  });
});

describe("a leader that comes too late", () => {
  it("adopts the credential that was stored while it waited for the lock, and writes nothing", async () => {
    const { clock, node, platform } = fleet();
    const [one, two] = [node(), node()];
    two.faults.next("tryAcquire", { requestMs: 450 });
    await within(clock, 3_000, Promise.all([one.get(), two.get()]));
    expect(platform.issues).toHaveLength(1);
    expect(two.faults.calls("set")).toBe(0);
    expect(two.typesOf()).toContain("adopted");
  });

  it("does not send when it has lost its lease, and gives the fetch back to the quota", async () => {
    const { clock, node, platform, document } = fleet();
    const one = node();
    one.faults.next("set", undefined, { replyMs: 490 });
    const waiting = one.get();
    await clock.advance(5);
    clock.stall(12_000);
    await within(clock, 20_000, waiting);
    expect(one.events.find(({ type }) => type === "lock-lost")).toMatchObject({
      phase: "before-send",
    });
    expect(platform.issues).toHaveLength(1);
    expect((await document())?.quota.used).toBe(1);
  });

  it("does not overwrite a later credential (H2), and leaves a doubt", async () => {
    const world = fleet();
    const [slow, quick] = [world.node(), world.node()];
    slow.get().catch(() => {});
    await world.clock.advance(150);
    slow.faults.unreachable = true;
    await within(world.clock, 30_000, quick.get());
    const stored = (await world.document())?.credential;
    slow.faults.unreachable = false;
    await world.clock.advance(12_000);
    const state = await world.document();
    expect(state?.credential?.commitId).toBe(stored?.commitId);
    expect(slow.typesOf()).toContain("commit-superseded");
    expect(state?.doubtSinceMs).toBeDefined();
    await staysAlive(world, quick);
    await staysAlive(world, slow);
  });
});
