import { describe, expect, it } from "vitest";
import { fleet, within } from "./fleet.fixture.ts";

describe("a claim", () => {
  it.each([
    ["reading", "get", [undefined, "hang-before"]],
    ["writing", "set", ["hang-before"]],
    ["writing", "set", ["hang-after"]],
  ] as const)("whose %s is never answered delays the fetch, and no more (%s: %j)", async (_act, operation, faults) => {
    const { clock, node, platform } = fleet();
    const one = node();
    one.faults.next(operation, ...faults);
    expect((await within(clock, 2_000, one.get())).reveal()).toBe(platform.latest);
    await within(clock, 1_000, one.close());
    expect(clock.pendingTimers).toBe(0);
  });
});
