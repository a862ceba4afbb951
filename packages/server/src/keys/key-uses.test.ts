import { memoryStore } from "@lingpai/adapter-memory";
import type { MemoryStore } from "@lingpai/adapter-memory";
import { during, manualClock } from "@lingpai/core/testing";
import type { ManualClock } from "@lingpai/core/testing";
import { beforeEach, expect, test } from "vitest";
import { serverKeys } from "./server-keys.ts";
import type { ServerKeys } from "./server-keys.ts";

const hourMs = 3_600_000;
let clock: ManualClock;
let store: MemoryStore;

beforeEach(() => {
  clock = manualClock();
  store = memoryStore({ clock });
});

const replica = (): ServerKeys => serverKeys({ cache: store.cache, clock });
const noted = async (): Promise<{ sinceMs: number; uses: Record<string, number> } | undefined> => {
  const entry = await store.cache.withPrefix("server-keys").get("uses");
  return entry && (JSON.parse(entry.value) as { sinceMs: number; uses: Record<string, number> });
};
const nowMs = async (): Promise<number> =>
  (await store.cache.set("now", "", { ttlMs: 1 })).storeNowMs;

test("a use is stored at most twice a day, by all replicas together", async () => {
  const [one, other] = [replica(), replica()];
  const first = await one.create({ name: "a", rights: ["read"], refs: ["*"] });
  const second = await one.create({ name: "b", rights: ["read"], refs: ["*"] });
  await during(clock, Promise.all([one.verify(first.key), other.verify(second.key)]));
  await clock.advance(5_000);
  const begun = await noted();
  expect(Object.keys(begun?.uses ?? {}).toSorted()).toEqual([first.id, second.id].toSorted());

  await clock.advance(hourMs);
  await during(clock, one.verify(first.key));
  await clock.advance(5_000);
  expect(await noted()).toEqual(begun);
  await clock.advance(12 * hourMs);
  await during(clock, one.verify(first.key));
  await clock.advance(5_000);
  const later = await noted();
  expect((await nowMs()) - (later?.uses[first.id] ?? 0)).toBeLessThan(10_000);
  expect(later).toMatchObject({
    sinceMs: begun?.sinceMs,
    uses: { [second.id]: begun?.uses[second.id] },
  });
});

test("a wrong key is not recorded as a use, and a foreign document is replaced", async () => {
  const one = replica();
  const { id, key } = await one.create({ name: "a", rights: ["read"], refs: ["*"] });
  await during(clock, one.verify(`lp_${id}_${"A".repeat(43)}`));
  await clock.advance(5_000);
  expect(await noted()).toBeUndefined();
  await store.cache.withPrefix("server-keys").set("uses", "odd");
  await during(clock, one.verify(key));
  await clock.advance(5_000);
  expect(Object.keys((await noted())?.uses ?? {})).toEqual([id]);
});
