import { describe, expect, it } from "vitest";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

/** The latest time of the first read after a suspend, and the duration of the read and a fetch. */
const noticedMs = 20_000 + 500;

/** A node without callers, midway between two reads. */
async function idle(): Promise<Fleet & { readonly one: Node }> {
  const world: Fleet = fleet({ nowMs: () => world.clock.worldMs() });
  const one = world.node();
  await within(world.clock, 1_000, one.get());
  await world.clock.advance(120_000);
  return { ...world, one };
}

describe("a machine that was suspended, without callers", () => {
  it("for longer than its token lives gets another one within 20 s", async () => {
    const { clock, one, platform } = await idle();
    const before = one.peek()!;
    clock.suspend(3 * 3_600_000);
    expect(platform.alive(before)).toBe(false);
    await clock.advance(noticedMs);
    expect(platform.alive(one.peek()!)).toBe(true);
    expect(platform.issues).toHaveLength(2);
    expect(one.typesOf()).toContain("clock-jumped");
  });

  it("for a minute reads the store within 20 s, and fetches nothing", async () => {
    const { clock, one, platform, store } = await idle();
    const before = store.commands;
    await clock.advance(noticedMs);
    expect(store.commands).toBe(before);
    clock.suspend(60_000);
    await clock.advance(noticedMs);
    expect(store.commands).toBe(before + 1);
    expect(one.typesOf()).toContain("clock-jumped");
    expect(platform.issues).toHaveLength(1);
  });
});
