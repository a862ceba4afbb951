/**
 * Other claims on a credential are read again whenever another environment may have caused a
 * refusal.
 */
import { describe, expect, it } from "vitest";
import { faultPlan, faultyCache, seededRandom, type FaultPlan } from "../testing/index.ts";
import { fleet, within, type Fleet } from "../scenarios/fleet.fixture.ts";
import { contextFrom, type Context } from "./context.ts";
import { Ownership } from "./ownership.ts";
import { StoreClock } from "./store-clock.ts";

interface Owner {
  readonly context: Context;
  readonly claims: Ownership;
  readonly faults: FaultPlan;
}

function owner({ clock, platform, store }: Fleet, environment: string): Owner {
  const faults = faultPlan({ clock });
  const cache = faultyCache(store.cache(), faults);
  const context = contextFrom({
    issuer: platform,
    cache,
    lock: store.lock(),
    environment,
    clock,
    random: seededRandom(environment),
  });
  const storeClock = new StoreClock(clock, context.bus);
  const claims = new Ownership(context, storeClock, cache.withPrefix(environment), "warn");
  return { context, claims, faults };
}

const stored = Promise.resolve({
  sentAtMs: 0,
  expiresAtMs: 0,
  by: { node: "n", environment: "e", reason: "cold" },
});

describe("an owner that looks for other claims of its credential", () => {
  it("sees a claim that came after its own, before its hourly check", async () => {
    const world = fleet();
    const [one, two] = [owner(world, "production"), owner(world, "staging")];
    await one.claims.claim(stored);
    await two.claims.claim(stored);
    await one.claims.claim(stored);
    expect(one.claims.otherClaimant).toBeUndefined();
    await one.claims.readOthers();
    expect(one.claims.otherClaimant).toBe("staging");
  });

  it("sees that the other claim has ended", async () => {
    const world = fleet();
    const [one, two] = [owner(world, "production"), owner(world, "staging")];
    await two.claims.claim(stored);
    await one.claims.readOthers();
    await world.clock.advance(3 * 86_400_000);
    await one.claims.readOthers();
    expect(one.claims.otherClaimant).toBeUndefined();
  });

  it("makes no claim", async () => {
    const world = fleet();
    const one = owner(world, "production");
    await one.claims.readOthers();
    expect(one.faults.calls("set")).toBe(0);
  });

  it.each(["fails", "does not answer", "holds something else"])(
    "names no other environment if the registry %s, and reports no outage",
    async (how) => {
      const world = fleet();
      const one = owner(world, "production");
      if (how === "holds something else")
        await world.cache.at(["lingpai", "claims"]).set(world.platform.id, "no registry");
      else one.faults.next("get", how === "fails" ? "fail-before" : "hang-before");
      await within(world.clock, 2_000, one.claims.readOthers());
      expect(one.claims.otherClaimant).toBeUndefined();
      expect(one.context.health.isReachable).toBe(true);
    },
  );
});
