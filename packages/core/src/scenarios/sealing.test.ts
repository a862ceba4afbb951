import { describe, expect, it } from "vitest";
import { keyring } from "../sealing/keyring.ts";
import { sealed, type SealedOptions } from "../sealing/sealed.ts";
import { fleet, within, type Fleet, type Node } from "./fleet.fixture.ts";

const ring = keyring({ active: { id: "k1", key: "ab".repeat(32) } });

function nodeWith({ node, store }: Fleet, plaintext: SealedOptions["plaintext"] | "none"): Node {
  return node({
    cache:
      plaintext === "none"
        ? store.cache()
        : sealed(store.cache(), ring, { ...(plaintext && { plaintext }) }),
  });
}

describe("a fleet that runs while sealing is switched", () => {
  const on = ["none", "write", "read", "refuse"] as const;

  it.each([
    ["on", on],
    ["off", on.toReversed()],
  ])("%s: nodes of two neighbouring steps share one credential", async (_title, steps) => {
    const world = fleet();
    for (const [index, step] of steps.slice(1).entries()) {
      const [before, behind] = [nodeWith(world, steps[index]), nodeWith(world, step)];
      for (const one of [before, behind]) await within(world.clock, 5_000, one.get());
      // Each node writes, and the other one reads it.
      for (const [writer, reader] of [
        [before, behind],
        [behind, before],
      ] as const) {
        await world.clock.advance(600_000);
        await within(world.clock, 60_000, writer.refresh());
        await world.clock.advance(5_000);
        expect(reader.peek()?.reveal()).toBe(world.platform.latest);
      }
      expect([...before.typesOf(), ...behind.typesOf()]).not.toContain("unreadable");
      for (const one of [before, behind]) await within(world.clock, 100, one.close());
      await world.clock.advance(600_000);
    }
    const stored = (await world.cache.withPrefix("production").get(world.platform.id))?.value;
    expect(stored?.startsWith("lps1.")).toBe(steps.at(-1) === "refuse");
  });

  it("without the step between them fetches nothing, and the error says why the document is unreadable", async () => {
    const world = fleet();
    await within(world.clock, 5_000, nodeWith(world, "refuse").get());
    await expect(within(world.clock, 30_000, nodeWith(world, "none").get())).rejects.toMatchObject({
      code: "UNREADABLE_ENTRY",
      reason: "key-id",
      message: expect.stringMatching(
        /is sealed.*sealed\(\) with the fleet's keyring.*plaintext: "read" and then "write"/,
      ),
    });
    expect(world.platform.issues).toHaveLength(1);
  });
});
