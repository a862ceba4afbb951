import { manualClock, seededRandom, simulatedStore } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { serverKeys } from "./server-keys.ts";
import type { ServerKeys } from "./server-keys.ts";

const clock = manualClock();
const store = simulatedStore({ clock, random: seededRandom(1) });
const keys = (): ServerKeys => serverKeys({ cache: store.cache(), clock });
const made = { name: "billing", rights: ["read"], refs: ["a"] } as const;

test("a key is made once, verified on every replica, and its text is stored nowhere", async () => {
  const { id, key } = await keys().create(made);
  expect(key).toMatch(/^lp_[a-z0-9]{10}_[A-Za-z0-9_-]{43}$/);
  expect(await keys().verify(key)).toMatchObject({ id, ...made });
  const entry = await store.cache().withPrefix("server-keys").get("keys");
  expect(entry?.value).not.toContain(key.slice(14));
  expect(JSON.stringify(await keys().list())).not.toMatch(/hash/);
});

test("a key that differs in one place, or only in its end, is not valid", async () => {
  const { key } = await keys().create(made);
  const replica = keys();
  for (const wrong of [
    `${key}x`,
    key.slice(0, -1),
    key.toUpperCase(),
    key.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    `lp_0000000000${key.slice(13)}`,
    "",
  ])
    expect(await replica.verify(wrong)).toBeUndefined();
  expect(await replica.verify(key)).toBeDefined();
});

test("keys that are made at once on several replicas are all stored", async () => {
  const before = (await keys().list()).length;
  await Promise.all(Array.from({ length: 20 }, () => keys().create(made)));
  expect(await keys().list()).toHaveLength(before + 20);
});

test("a revoked key ends within a second on every replica, also for open streams", async () => {
  const { id, key } = await keys().create(made);
  const [first, second] = [keys(), keys()];
  const record = await second.verify(key);
  const ends: number[] = [];
  second.hold(record!, () => ends.push(clock.monotonicMs()));
  await clock.advance(5_000);
  expect(ends).toEqual([]);
  const revokedAtMs = clock.monotonicMs();
  expect(await first.revoke(id)).toBe(true);
  await clock.advance(1_000);
  expect(ends).toHaveLength(1);
  expect(ends[0]! - revokedAtMs).toBeLessThan(1_000);
  expect(await second.verify(key)).toBeUndefined();
  expect(clock.pendingTimers).toBe(0);
  expect(await first.revoke("0000000000")).toBe(false);
});

test("invalid fields of a key are refused with their names", async () => {
  for (const wrong of [
    { rights: ["all"] },
    { refs: [""] },
    { name: "" },
    { perSecond: 0 },
    { sdk: "x" },
  ])
    await expect(keys().create({ ...made, ...wrong } as never)).rejects.toThrow(
      Object.keys(wrong)[0],
    );
  await expect(keys().create({ ...made, refz: [] } as never)).rejects.toThrow("refz");
});

test("a document of another release is not treated as empty: no key is valid, and none is lost", async () => {
  const cache = store.cache().withPrefix("other");
  await cache.withPrefix("server-keys").set("keys", '{"v":2}');
  const other = serverKeys({ cache, clock });
  await expect(other.verify(`lp_0000000000_${"A".repeat(43)}`)).rejects.toThrow(/release/);
  await expect(other.create(made)).rejects.toThrow(/release/);
  expect((await cache.withPrefix("server-keys").get("keys"))?.value).toBe('{"v":2}');
});

test("a store that lost its keys invalidates no valid key, and makes no revoked key valid again", async () => {
  const cache = store.cache().withPrefix("failing-over");
  const stored = cache.withPrefix("server-keys");
  const replica = serverKeys({ cache, clock });
  const [kept, revoked] = [await replica.create(made), await replica.create(made)];
  const before = await stored.get("keys");
  await replica.revoke(revoked.id);
  const record = await replica.verify(kept.key);
  expect(await replica.verify(revoked.key)).toBeUndefined();
  const ends: string[] = [];
  const leave = replica.hold(record!, () => ends.push("ended"));
  // A replica took over that lacks the last write.
  await stored.set("keys", before!.value);
  await clock.advance(2_000);
  expect(await replica.verify(revoked.key)).toBeUndefined();
  const started = serverKeys({ cache, clock });
  expect(await started.verify(revoked.key)).toBeUndefined();
  expect(await started.verify(kept.key)).toBeDefined();
  // The store is empty.
  await stored.delete("keys");
  await clock.advance(2_000);
  expect(await replica.verify(kept.key)).toBeDefined();
  expect(await replica.verify(revoked.key)).toBeUndefined();
  expect(ends).toEqual([]);
  leave();
});
