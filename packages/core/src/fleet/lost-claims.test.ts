/** Who owns a credential after the store has lost the claims, and those who claimed have restarted. */
import { describe, expect, it } from "vitest";
import { claimsPath } from "../cache/claims-path.ts";
import { fleet, within, type Fleet, type Node } from "../scenarios/fleet.fixture.ts";

const hourMs = 3_600_000;
const refusal = { code: "CREDENTIAL_CONFLICT" };

async function called({ clock }: Fleet, node: Node): Promise<unknown> {
  return within(clock, 30_000, node.get()).catch((error: unknown) => error);
}

async function lose({ cache, platform }: Fleet, environment: string): Promise<void> {
  await cache.at(claimsPath).delete(platform.id);
  await cache.withPrefix(environment).delete(platform.id);
}

/** The first environment claimed, and each of its processes has restarted since. */
async function restarted(world: Fleet): Promise<{ production: Node; staging: Node }> {
  const { clock } = world;
  const [first, staging] = [world.node(), world.node({ environment: "staging" })];
  await called(world, first);
  await clock.advance(hourMs);
  expect(await called(world, staging)).toMatchObject(refusal);
  await first.close();
  const production = world.node();
  await called(world, production);
  return { production, staging };
}

describe("the environment that claimed first, after the store lost all claims", () => {
  it("stays first after a restart of its processes and a reset of its credential", async () => {
    const world = fleet();
    const { clock } = world;
    const { production, staging } = await restarted(world);
    await lose(world, "production");
    expect(await called(world, staging)).toHaveProperty("fingerprint");
    await within(clock, 1_000, production.reset());
    expect(await called(world, production)).toHaveProperty("fingerprint");
    await clock.advance(2 * hourMs);
    expect(await called(world, staging)).toMatchObject(refusal);
  });

  it("stays first even if its credential is newer than the other environment's claim", async () => {
    const world = fleet();
    const { clock } = world;
    const { production, staging } = await restarted(world);
    await world.cache.at(claimsPath).delete(world.platform.id);
    expect(await called(world, staging)).toHaveProperty("fingerprint");
    await clock.advance(hourMs);
    expect(await called(world, production)).toHaveProperty("fingerprint");
    await clock.advance(hourMs);
    await called(world, production);
    // The claims are lost once more, and who remembers their order has gone.
    await production.close();
    const next = world.node();
    await called(world, next);
    await world.cache.at(claimsPath).delete(world.platform.id);
    await clock.advance(2 * hourMs);
    await called(world, staging);
    expect(await called(world, next)).toHaveProperty("fingerprint");
    await clock.advance(2 * hourMs);
    expect(await called(world, staging)).toMatchObject(refusal);
  });

  it.each([0.5, -1, 1e300])(
    "stores what it fetched though its claim is dated %d",
    async (sinceMs) => {
      const world = fleet();
      const { cache, clock, platform } = world;
      const { path } = cache.withPrefix("production");
      const claim = {
        environment: "production",
        path,
        node: "n",
        sinceMs,
        renewedMs: clock.wallMs(),
      };
      const text = JSON.stringify({ v: 1, claims: [claim] });
      await cache.at(claimsPath).set(platform.id, text);
      expect(await called(world, world.node())).toHaveProperty("fingerprint");
      expect((await world.document())?.credential?.by).not.toHaveProperty("claimedMs");
    },
  );

  it("stores the age of its claim with the credential, without further events", async () => {
    const world = fleet();
    const node = world.node();
    const claimedMs = world.clock.wallMs();
    await called(world, node);
    const by = { node: "node-1", environment: "production", reason: "cold" };
    expect((await world.document())?.credential?.by).toEqual({ ...by, claimedMs });
    expect(node.status().by).toEqual(by);
  });
});
