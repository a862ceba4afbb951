import { describe, expect, it } from "vitest";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

/**
 * The first of two warm nodes gets the platform's answer and cannot store it: the store refuses its
 * writes, not its lease.
 */
async function unableToCommit(): Promise<{ world: Fleet; nodes: readonly [Node, Node] }> {
  const world = fleet({ latencyMs: 300 });
  const nodes = [world.node(), world.node()] as const;
  await within(world.clock, 2_000, Promise.all(nodes.map((each) => each.get())));
  await world.clock.advance(600_000);
  // The intent goes through.
  nodes[0].faults.next(
    "set",
    undefined,
    ...Array.from({ length: 1_000 }, () => "fail-before" as const),
  );
  await within(world.clock, 2_000, nodes[0].refresh());
  return { world, nodes };
}

describe("a credential that could not be stored", () => {
  it("keeps the lease until the request must have been processed, so that no other node sends one meanwhile", async () => {
    const { world, nodes } = await unableToCommit();
    const { clock, platform } = world;
    const old = nodes[1].peek()!;
    const report = nodes[1].reject(old);
    await clock.advance(13_000);
    expect(platform.issues).toHaveLength(2);
    const healed = await within(clock, 6_000, report);
    expect(healed.replaced && platform.alive(healed.secret)).toBe(true);
    expect(platform.issues).toHaveLength(3);
  });

  it("is stored as soon as the store returns, and leaves no doubt while the lease is kept", async () => {
    for (const awayMs of [3_000, 8_000, 60_000]) {
      const { world, nodes } = await unableToCommit();
      const { clock, platform } = world;
      await clock.advance(awayMs);
      nodes[0].faults.unreachable = true;
      await clock.advance(1_000);
      nodes[0].faults.unreachable = false;
      nodes[0].faults.forget("set");
      await clock.advance(awayMs / 30 + 500);
      const stored = await world.document();
      expect(stored?.credential?.secret, `after ${awayMs} ms`).toBe(platform.latest);
      expect(stored?.doubtSinceMs === undefined).toBe(awayMs < 10_000);
    }
  });

  it("is stored by the first operation that reaches the store again, before its own next attempt", async () => {
    const { world, nodes } = await unableToCommit();
    const { clock, platform } = world;
    nodes[0].faults.forget("set");
    nodes[0].faults.unreachable = true;
    await clock.advance(300_000);
    nodes[0].faults.unreachable = false;
    // It has reconnected. The document is read again, which reports that the store is back.
    await clock.advance(300);
    expect((await world.document())?.credential?.secret).toBe(platform.latest);
  });

  it("releases the lease when it is stored, and when its node closes", async () => {
    for (const end of ["store", "close"] as const) {
      const { world, nodes } = await unableToCommit();
      nodes[0].faults.forget("set");
      if (end === "close") nodes[0].faults.next("set", "fail-before", "fail-before");
      await (end === "close"
        ? within(world.clock, 5_000, nodes[0].close())
        : world.clock.advance(500));
      const lock = world.store.lock().withPrefix("production");
      expect(await lock.tryAcquire(world.platform.id, "somebody", 1_000), end).toMatchObject({
        acquired: true,
      });
    }
  });
});
