import { describe, expect, it } from "vitest";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

/**
 * How long after a suspend the process looks at the store at the latest, and what the reading and a
 * fetch take.
 */
const noticedMs = 20_000 + 500;

/** A node that nobody calls any more, in the middle between two readings. */
async function idle(): Promise<Fleet & { readonly one: Node }> {
  const world: Fleet = fleet({ nowMs: () => world.clock.worldMs() });
  const one = world.node();
  await within(world.clock, 1_000, one.get());
  await world.clock.advance(120_000);
  return { ...world, one };
}

describe("a machine that slept, without callers", () => {
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
