import { expect, test } from "vitest";
import { claimsPath } from "../cache/claims-path.ts";
import { CacheUnavailableError } from "../errors.ts";
import { fleet, within } from "../scenarios/fleet.fixture.ts";
import { listClaims } from "./list-claims.ts";

test("an empty store has no claims", async () => {
  expect(await listClaims(fleet().cache)).toEqual({ claims: [], unreadable: [] });
});

test("two environments that fetch one credential are listed, the earlier one first", async () => {
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

test("claims are listed by their ids, and those of one id by their age", async () => {
  const { cache } = fleet();
  const claimOf = (environment: string, sinceMs: number) => ({
    ...{ environment, path: [environment], node: "n", sinceMs },
    renewedMs: 1e15,
  });
  for (const id of ["b", "c", "a"])
    await cache
      .at(claimsPath)
      .set(id, JSON.stringify({ v: 1, claims: [claimOf("new", 2), claimOf("old", 1)] }));
  const { claims } = await listClaims(cache);
  expect(claims.map(({ credential, environment }) => `${credential} ${environment}`)).toEqual([
    ...["a old", "a new", "b old", "b new", "c old", "c new"],
  ]);
});

test("a store that fails is not reported as an unreadable registry, and an object that is no cache is refused", async () => {
  const { cache } = fleet();
  const gone = new CacheUnavailableError("gone");
  const registry = {
    async *keys() {
      yield "gone";
      yield "unreadable";
    },
    get: (key: string) => (key === "gone" ? Promise.resolve(undefined) : Promise.reject(gone)),
  };
  const failing = Object.assign(Object.create(cache) as typeof cache, { at: () => registry });
  await expect(listClaims(failing)).rejects.toBe(gone);
  await expect(listClaims({} as never)).rejects.toThrow("cache must be");
});
