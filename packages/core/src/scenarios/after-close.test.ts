import { describe, expect, it } from "vitest";
import type { ManualClock } from "../testing/index.ts";
import { fleet, within, type Node } from "./fleet.fixture.ts";

describe("after close", () => {
  it("a caller that waits for a probe is rejected at once, and its refresh does not continue", async () => {
    const { clock, node, platform } = fleet();
    const probe = Promise.withResolvers<"dead">();
    const { id, lifetimeMs, policy } = platform;
    const one = node({
      issuer: {
        id,
        lifetimeMs,
        policy,
        issue: (request) => platform.issue(request),
        probe: () => probe.promise,
      },
    });
    const secret = await within(clock, 2_000, one.get());
    const rejected = one.reject(secret);
    const told = expect(rejected).rejects.toMatchObject({ code: "CLOSED" });
    await within(clock, 10, one.close());
    await within(clock, 10, told);
    probe.resolve("dead");
    await clock.settle();
    await expectNothing(clock, one);
  });

  it("a refresh that was reading the document ends, and starts nothing", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    one.faults.next("get", { replyMs: 300 });
    const told = expect(one.refresh()).rejects.toMatchObject({ code: "CLOSED" });
    await within(clock, 10, one.close());
    await within(clock, 10, told);
    await clock.advance(1_000);
    await expectNothing(clock, one);
  });

  it("a background reading that arrives is not adopted", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    const before = one.faults.calls("get");
    one.faults.next("get", { replyMs: 300 });
    while (one.faults.calls("get") === before) await clock.advance(100);
    await within(clock, 10, one.close());
    await clock.advance(1_000);
    await expectNothing(clock, one);
  });

  it("no event is emitted, not even that the store is unreachable", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    await clock.advance(1_000);
    const before = one.faults.calls("get");
    one.faults.next("get", "hang-before");
    while (one.faults.calls("get") === before) await clock.advance(100);
    await within(clock, 10, one.close());
    await clock.advance(5_000);
    expect(one.typesOf().at(-1)).toBe("closed");
    await expectNothing(clock, one);
  });

  it("is what `await using` does at the end of a block", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 2_000, one.get());
    await within(clock, 10, one[Symbol.asyncDispose]());
    await expectNothing(clock, one);
  });
});

async function expectNothing(clock: ManualClock, one: Node): Promise<void> {
  const calls = one.faults.calls("get");
  await clock.advance(3_600_000);
  expect(one.faults.calls("get")).toBe(calls);
  expect(clock.pendingTimers).toBe(0);
  expect(one.peek()).toBeUndefined();
  await expect(one.get()).rejects.toMatchObject({ code: "CLOSED" });
}
