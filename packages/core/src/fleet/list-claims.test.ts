import { expect, test } from "vitest";
import { claimsPath } from "../cache/claims-path.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import { listClaims } from "./list-claims.ts";

test("an empty store has no claims", async () => {
  expect(await listClaims(fleet().cache)).toEqual({ claims: [], unreadable: [] });
});

test("two environments that fetch one credential are listed, the earlier first, with their documents' paths", async () => {
  const world = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
  const { clock, cache } = world;
  const production = world.node({ environment: "production", node: "p1" });
  await within(clock, 10_000, production.get());
  const development = world.node({ environment: "development", node: "d1" });
  await within(clock, 10_000, development.get());
  const { claims } = await listClaims(cache.withPrefix("anything"));
  expect(claims).toMatchObject([
    { credential: world.platform.id, environment: "production", node: "p1" },
    { credential: world.platform.id, environment: "development", node: "d1" },
  ]);
  for (const { path, credential, sinceMs, storeNowMs, lapsesAtMs } of claims) {
    expect(await cache.at(path).get(credential)).toBeDefined();
    expect(sinceMs).toBeLessThanOrEqual(storeNowMs);
    expect(lapsesAtMs).toBeGreaterThan(storeNowMs);
  }
});

test("a foreign value among the claims hides no other claim", async () => {
  const world = fleet();
  await within(world.clock, 10_000, world.node().get());
  await world.cache.at(claimsPath).set("wx:foreign", "not a registry");
  const { claims, unreadable } = await listClaims(world.cache);
  expect(claims).toHaveLength(1);
  expect(unreadable).toMatchObject([{ credential: "wx:foreign" }]);
});
