import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a store that is set back", () => {
  it("to a credential that was replaced in the same minute makes no node take that one for new", async () => {
    const { clock, document, node, platform, write } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const before = (await document())!;
    await clock.advance(10_000);
    await within(clock, 2_000, one.refresh());
    await within(clock, 2_000, one.close());
    const two = node({ keepAlive: true });
    const stored = await within(clock, 2_000, two.get());
    expect(stored.reveal()).toBe(platform.latest);
    await write(before);
    for (let seconds = 0; seconds < 300; seconds += 1) {
      await clock.advance(1_000);
      expect(two.peek()?.reveal(), `after ${seconds} s`).toBe(stored.reveal());
    }
    expect((await document())?.credential?.secret).toBe(stored.reveal());
    expect(platform.issues).toHaveLength(2);
  });
});

describe("a store that is set back by two generations", () => {
  it("is repaired by a node that knows only the last two", async () => {
    const { clock, node, platform, store, document } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const image = store.snapshot();
    await clock.advance(400_000);
    await within(clock, 5_000, one.refresh());
    const two = node();
    await within(clock, 5_000, two.get());
    await one.close();
    await clock.advance(400_000);
    await within(clock, 5_000, two.refresh());
    store.failOver(image);
    await clock.advance(1_000);
    expect((await document())?.credential?.secret).toBe(platform.latest);
    expect(two.peek()?.reveal()).toBe(platform.latest);
    expect(platform.issues).toHaveLength(3);
  });
});
