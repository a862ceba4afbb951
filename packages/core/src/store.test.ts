import { expect, test } from "vitest";
import { createStore, storeFrom } from "./store.ts";
import { keyring } from "./sealing/keyring.ts";
import { fleet, within } from "./scenarios/fleet.fixture.ts";
import type { Cache } from "./cache/cache.ts";
import type { Lock } from "./lock/lock.ts";
import { manualClock, seededRandom, simulatedStore } from "./testing/index.ts";

const key = "5e".repeat(32);

function world(): { readonly cache: Cache; readonly lock: Lock } {
  const store = simulatedStore({ clock: manualClock(), random: seededRandom(1) });
  return { cache: store.cache(), lock: store.lock() };
}

test("a store seals with the key that it is given, and another process with the same key reads it", async () => {
  const { cache, lock } = world();
  await createStore(cache, lock, { seal: key }).cache.set("name", "MARKER");
  expect((await cache.get("name"))?.value).not.toContain("MARKER");
  expect((await createStore(cache, lock, { seal: key }).cache.get("name"))?.value).toBe("MARKER");
  await expect(
    createStore(cache, lock, { seal: "5f".repeat(32) }).cache.get("name"),
  ).rejects.toMatchObject({ code: "UNREADABLE_ENTRY" });
  expect(createStore(cache, lock).cache).toBe(cache);
});

test("a store accepts a keyring, and refuses an invalid key without showing it", () => {
  const { cache, lock } = world();
  expect(createStore(cache, lock, { seal: keyring({ active: { id: "k1", key } }) }).lock).toBe(
    lock,
  );
  expect(() => createStore(cache, lock, { seal: "not-a-key-at-all" })).toThrow(
    /has 12 bytes instead of 32/,
  );
  expect(() => createStore(cache, lock, { seal: "not-a-key-at-all" })).not.toThrow(/not-a-key/);
});

test("options must name one whole store", () => {
  const { cache, lock } = world();
  const store = createStore(cache, lock);
  expect(storeFrom({ store })).toBe(store);
  expect(storeFrom({ cache, lock })).toEqual({ cache, lock });
  expect(() => storeFrom({})).toThrow(
    "There is no store. Give `store`, such as ioredisStore(redis, { seal })",
  );
  expect(() => storeFrom({ cache })).toThrow("There is no store.");
  expect(() => storeFrom({ store, cache })).toThrow(
    "There is a store, and a cache or a lock beside it.",
  );
  expect(() => storeFrom({ store: {} as typeof store })).toThrow(
    "The store is not an object with cache and lock.",
  );
});

/** The same cache, over a driver whose commands are traced. */
function traced(cache: Cache): Cache {
  return new Proxy(cache, {
    get(target, name) {
      if (name === "tracedOn") return () => ["driver:command"];
      if (name === "withPrefix") return (segment: string) => traced(target.withPrefix(segment));
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

test.each([
  ["unsealed", undefined, ["driver:command"]],
  ["sealed", key, []],
])(
  "a token that is stored %s while the driver is traced is reported once, or not at all",
  async (_how, seal, reports) => {
    const { clock, store, node } = fleet();
    const one = node(
      createStore(traced(store.cache()), store.lock(), seal === undefined ? {} : { seal }),
    );
    for (let refreshes = 0; refreshes < 2; refreshes += 1)
      await within(clock, 60_000, one.refresh());
    const found = one.events.flatMap((event) =>
      event.type === "unsealed-and-traced" ? [event.channels] : [],
    );
    expect(found).toEqual(reports);
    await one.close();
  },
);
