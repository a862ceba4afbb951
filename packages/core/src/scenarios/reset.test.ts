import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../index.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const minuteMs = 60_000;

async function warm(): Promise<{ world: Fleet; one: Node; two: Node }> {
  const world = fleet();
  const [one, two] = [world.node(), world.node()];
  await within(world.clock, 5_000, Promise.all([one.get(), two.get()]));
  await world.clock.advance(10 * minuteMs);
  return { world, one, two };
}

describe("a credential that an operator resets", () => {
  it.each([false, true])(
    "is no longer handed out by any node, and no node writes it back (store emptied before: %s)",
    async (isEmptied) => {
      const { world, one, two } = await warm();
      if (isEmptied) {
        // No node reads it before the reset.
        one.faults.losesMessages = true;
        two.faults.losesMessages = true;
        world.store.failOver({ entries: new Map(), leases: new Map() });
        await world.clock.advance(100);
        one.faults.losesMessages = false;
        two.faults.losesMessages = false;
      }
      const old = one.peek()!;
      await within(world.clock, 1_000, one.reset());
      await world.clock.advance(500);
      expect([one.peek(), two.peek()]).toEqual([undefined, undefined]);
      await world.clock.advance(minuteMs);
      expect((await world.document())?.credential).toBeUndefined();
      expect(world.platform.issues).toHaveLength(1);
      const next = await within(world.clock, 5_000, two.get());
      expect(next.fingerprint).not.toBe(old.fingerprint);
      expect(world.platform.issues).toHaveLength(2);
      await within(world.clock, 1_000, one.get());
      expect(one.peek()?.fingerprint).toBe(next.fingerprint);
    },
  );

  it("is handed out by every node again after one fetch, if the platform issues the same one", async () => {
    const { clock, document, node, platform, store } = fleet({
      policy: { kind: "stable", renewWithinMs: 300_000 },
    });
    const nodes = [node(), node(), node()];
    const calls = () => Promise.all(nodes.map((each) => each.get()));
    const [first] = await within(clock, 5_000, calls());
    await within(clock, 1_000, nodes[0]!.reset());
    await clock.advance(1_000);
    expect(nodes.map((each) => each.peek())).toEqual([undefined, undefined, undefined]);
    const again = await within(clock, 5_000, calls());
    expect(again.map(({ fingerprint }) => fingerprint)).toEqual(
      nodes.map(() => first!.fingerprint),
    );
    expect(platform.issues).toHaveLength(2);
    // It is like any other credential from then on.
    const image = store.snapshot();
    // By then a refresh must have started, whatever the nodes have drawn.
    await clock.advance(7_150_000);
    const next = await within(clock, 5_000, nodes[1]!.get());
    expect(next.fingerprint).not.toBe(first!.fingerprint);
    store.failOver(image);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(next.reveal());
  });

  it("is reported with the generation that was stored", async () => {
    const { world, one } = await warm();
    const { fingerprint } = one.peek()!;
    await within(world.clock, 1_000, one.reset());
    expect(one.events.filter(({ type }) => type === "reset")).toMatchObject([
      { generation: 1, fingerprint: fingerprint.slice(0, 8) },
    ]);
  });

  it("does not come back if the store is set back to it", async () => {
    const { world, one, two } = await warm();
    const image = world.store.snapshot();
    const old = two.peek()!.fingerprint;
    await within(world.clock, 1_000, one.reset());
    await world.clock.advance(500);
    world.store.failOver(image);
    await world.clock.advance(500);
    for (const each of [one, two])
      expect((await within(world.clock, 5_000, each.get())).fingerprint).not.toBe(old);
  });

  it("stays in use if it was issued meanwhile and is not stored yet", async () => {
    const { world, one, two } = await warm();
    one.faults.next("set", undefined, ...Array.from({ length: 99 }, () => "fail-before" as const));
    await within(world.clock, 2_000, one.refresh());
    const unstored = one.peek()!;
    await within(world.clock, 1_000, two.reset());
    await world.clock.advance(100);
    expect(one.peek()).toBe(unstored);
    one.faults.forget("set");
    await world.clock.advance(2_000);
    expect((await world.document())?.credential?.secret).toBe(unstored.reveal());
  });

  it("is followed by one that is repaired like any other when the store loses it", async () => {
    const { world, one } = await warm();
    await within(world.clock, 1_000, one.reset());
    const next = await within(world.clock, 5_000, one.get());
    world.store.failOver({ entries: new Map(), leases: new Map() });
    await world.clock.advance(2_000);
    expect((await world.document())?.credential?.secret).toBe(next.reveal());
    expect(world.platform.issues).toHaveLength(2);
  });

  it("is kept if its next input would be lost, and on a consumer", async () => {
    const policy = { kind: "rotate", window: 2, overlapMs: 300_000 } as const;
    const rotating = fleet({ policy }).node();
    await expect(rotating.reset()).rejects.toThrow(ConfigurationError);
    const consumer = fleet().node({ role: "consumer" });
    await expect(consumer.reset()).rejects.toThrow("never resets it");
  });
});
