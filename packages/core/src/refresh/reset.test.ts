/** The cost of a reset, its events, and when it is refused. */
import { describe, expect, it } from "vitest";
import { reset } from "./reset.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import { assembled } from "../scenarios/node.fixture.ts";

const rotate = { kind: "rotate", overlapMs: 0 } as const;
const supersede = { kind: "supersede", overlapMs: 0 } as const;

describe("a reset", () => {
  it("is refused if the next input would be lost, and the error names the alternative", async () => {
    const { assembly } = assembled(fleet({ policy: rotate }));
    await expect(reset(assembly, assembly.source)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringContaining("Use seed() with a new authorisation instead of reset()"),
    });
  });

  it.each([
    { policy: rotate, recovers: true },
    { policy: supersede, recovers: false },
  ])("is made if the platform can return the input, or none is needed", async (options) => {
    const { assembly } = assembled(fleet(options));
    await expect(reset(assembly, assembly.source)).resolves.toBeUndefined();
  });

  it("takes one read and one write, is reported, and applies to this process at once", async () => {
    const world = fleet();
    const { events, faults, assembly, refresh } = assembled(world);
    await within(world.clock, 1_000, refresh({ reason: "cold" }));
    const { generation, fingerprint } = assembly.local.cached!.stored;
    const before = { get: faults.calls("get"), set: faults.calls("set") };
    await reset(assembly, assembly.source);
    expect(assembly.local.cached).toBeUndefined();
    expect(faults.calls("get")).toBe(before.get + 1);
    expect(faults.calls("set")).toBe(before.set + 1);
    expect(events.filter(({ type }) => type === "reset")).toMatchObject([
      { generation, fingerprint: fingerprint.slice(0, 8) },
    ]);
  });

  it("without a stored credential is reported without a fingerprint", async () => {
    const { events, assembly } = assembled(fleet());
    await reset(assembly, assembly.source);
    const [reported] = events.filter(({ type }) => type === "reset");
    expect(reported).toBeDefined();
    expect(reported).not.toHaveProperty("generation");
    expect(reported).not.toHaveProperty("fingerprint");
  });
});
