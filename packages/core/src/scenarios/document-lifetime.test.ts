import { describe, expect, it } from "vitest";
import type { Issuer } from "../issuer.ts";
import { fleet, within } from "./fleet.fixture.ts";

const dayMs = 86_400_000;

describe("the document in the store", () => {
  it("never expires while it holds the next input, because the input exists nowhere else", async () => {
    const { cache, clock, node, platform } = fleet({
      policy: { kind: "rotate", overlapMs: 300_000 },
    });
    const one = node();
    await within(clock, 2_000, one.seed({ secret: "S", nextInput: "R", expiresInMs: 7_200_000 }));
    const stored = async (): Promise<number | undefined> =>
      (await cache.withPrefix("production").get(platform.id))?.ttlMs;
    expect(await stored()).toBeUndefined();
    await within(clock, 2_000, one.refresh());
    expect(await stored()).toBeUndefined();
    await one.close();
    await clock.advance(200 * dayMs);
    const later = node();
    await within(clock, 5_000, later.get());
    expect(later.peek()?.reveal()).toBe(platform.latest);
  });

  it("outlives its credential by 30 days, even one of 90 days", async () => {
    const { cache, clock, node, platform } = fleet({ lifetimeMs: 90 * dayMs });
    const one = node();
    await within(clock, 2_000, one.get());
    await one.close();
    const ttlMs = (await cache.withPrefix("production").get(platform.id))?.ttlMs;
    expect(ttlMs).toBeGreaterThan(119.9 * dayMs);
    expect(ttlMs).toBeLessThanOrEqual(120 * dayMs);
    await clock.advance(80 * dayMs);
    await within(clock, 2_000, node().get());
    expect(platform.issues).toHaveLength(1);
  });

  it("keeps its input when an answer has no new one, and the next request sends that input", async () => {
    const { clock, document, node, platform } = fleet({
      policy: { kind: "rotate", overlapMs: 300_000 },
    });
    const { id, lifetimeMs, policy } = platform;
    const inputs: (string | undefined)[] = [];
    // Its inputs are good for many requests.
    const issue: Issuer["issue"] = async ({ input }) => {
      inputs.push(input?.reveal());
      return { secret: `S${inputs.length}`, expiresInMs: lifetimeMs };
    };
    const one = node({ issuer: { id, lifetimeMs, policy, issue } });
    await within(clock, 2_000, one.seed({ secret: "S0", nextInput: "R", expiresInMs: lifetimeMs }));
    for (let refreshes = 1; refreshes <= 3; refreshes += 1) {
      await clock.advance(120_000);
      await within(clock, 60_000, one.refresh());
      expect((await document())?.credential).toMatchObject({
        secret: `S${refreshes}`,
        nextInput: "R",
      });
    }
    expect(inputs).toEqual(["R", "R", "R"]);
  });
});
