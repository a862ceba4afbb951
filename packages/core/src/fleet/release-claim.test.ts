/** An operator gives up the claim of an environment that no longer exists. */
import { describe, expect, it } from "vitest";
import { staleAfterMs } from "./claim-registry.ts";
import { listClaims } from "./list-claims.ts";
import { releaseClaim } from "./release-claim.ts";
import { claimsPath } from "../cache/claims-path.ts";
import { manualClock, seededRandom, simulatedStore } from "../testing/index.ts";

const dayMs = 86_400_000;

async function registryWith(...environments: string[]) {
  const clock = manualClock();
  const store = simulatedStore({ clock, random: seededRandom("release") });
  const cache = store.cache();
  const nowMs = clock.wallMs();
  const claims = environments.map((environment, index) => ({
    environment,
    path: cache.withPrefix(environment).path,
    node: "n",
    sinceMs: nowMs,
    renewedMs: nowMs,
    untilMs: nowMs + (index + 1) * 10 * dayMs,
  }));
  const registry = { v: 1, claims: [...claims, { later: "release" }] };
  await cache.at(claimsPath).set("id", JSON.stringify(registry));
  const names = async () => (await listClaims(cache)).claims.map(({ environment }) => environment);
  return { cache, clock, names, nowMs, store };
}

describe("a claim that is released", () => {
  it("disappears, and the others stay, including those of later releases", async () => {
    const { cache, names } = await registryWith("one", "two");
    expect(await releaseClaim(cache, "id", "one")).toBe(true);
    expect(await names()).toEqual(["two"]);
    const entry = await cache.at(claimsPath).get("id");
    expect(JSON.parse(entry!.value)).toMatchObject({ claims: [{}, { later: "release" }] });
    expect(await releaseClaim(cache, "id", "two")).toBe(true);
    expect(await names()).toEqual([]);
  });

  it("is identified by its exact id and path", async () => {
    const { cache, names } = await registryWith("one");
    expect(await releaseClaim(cache, "another", "one")).toBe(false);
    expect(await releaseClaim(cache, "id", "two")).toBe(false);
    expect(await releaseClaim(cache.withPrefix("x"), "id", "one")).toBe(false);
    expect(await names()).toEqual(["one"]);
    await expect(releaseClaim({} as never, "id", "one")).rejects.toThrow("cache must be");
  });

  it("leaves an entry that lasts two days longer than the last of the other claims", async () => {
    const { cache, clock, nowMs, store } = await registryWith("one", "two");
    await releaseClaim(cache, "id", "one");
    const endsAt = () => [...store.snapshot().entries.values()][0]?.expiresAtMs;
    expect(endsAt()).toBe(nowMs + 20 * dayMs + staleAfterMs);
    await clock.advance(dayMs);
    await releaseClaim(cache, "id", "two");
    expect(endsAt()).toBe(nowMs + dayMs + staleAfterMs);
  });

  it("is released even if another node writes at the same time", async () => {
    const { cache, names } = await registryWith("one", "two");
    const [first, second] = await Promise.all([
      releaseClaim(cache, "id", "one"),
      releaseClaim(cache, "id", "two"),
    ]);
    expect([first, second]).toEqual([true, true]);
    expect(await names()).toEqual([]);
  });
});
