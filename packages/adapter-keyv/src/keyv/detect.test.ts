import { inspect } from "node:util";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import { expect, test } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";
import type { AtomicStore } from "../index.ts";

test("a lock within one process is made only if the caller asks for it", () => {
  for (const keyv of [new Keyv(), new Keyv5()]) {
    expect(() => keyvLock(keyv)).toThrow(
      /A lock in Map excludes the callers of one process only, but scope "host" was asked for.*\{ scope: "process" \}/,
    );
    expect(keyvLock(keyv, { scope: "process" }).path).toEqual([]);
  }
});

test("all Keyvs over one Map share its entries and leases, and a Keyv's clear() removes neither", async () => {
  const map = new Map();
  const [one, two] = [new Keyv({ store: map }), new Keyv5({ store: map, namespace: "shop" })];
  await keyvCache(one).set("wx1", "token");
  const granted = await keyvLock(one, { scope: "process" }).tryAcquire("wx1", "me", 60_000);
  await one.clear();
  await two.clear();

  expect((await keyvCache(two).get("wx1"))?.value).toBe("token");
  expect(
    await keyvLock(two, { scope: "process" }).tryAcquire("wx1", "other", 60_000),
  ).toMatchObject({ acquired: false });
  expect(granted.acquired).toBe(true);
  expect([...map.keys()]).toEqual([]);
  expect(inspect(map)).not.toContain("token");
});

test("an unknown client, or a value that is no Keyv, is refused with its name", () => {
  class PigeonClient {
    readonly pigeons = 2;
  }
  expect(() => keyvLock(new Keyv(), { native: new PigeonClient() })).toThrow(
    /\{ native \} is no client that is known here \(PigeonClient\)/,
  );
  expect(() => keyvCache(new Keyv(), { native: new PigeonClient() })).toThrow(
    expect.objectContaining({ code: "LOCK_UNSUPPORTED" }),
  );
  expect(() => keyvCache({ store: undefined })).toThrow(/This is no Keyv/);
});

test("a contributor's own drivers take precedence over those found, and their claims are checked", async () => {
  const own = atomicOf(new Keyv(), { scope: "cluster", fencing: true, clock: "server" });
  const cache = keyvCache(new Keyv(), { atomic: own });
  await cache.set("wx1", "token", { ifVersion: "absent" });

  expect((await own.cache.get("{wx1}"))?.value).toBe("token");
  expect(
    (await keyvLock(new Keyv(), { atomic: own, scope: "cluster" }).tryAcquire("wx1", "me", 1000))
      .acquired,
  ).toBe(true);
  for (const weak of [{ fencing: false }, { clock: "client" as const }]) {
    const atomic = { ...own, facts: { ...own.facts, ...weak } };
    expect(() => keyvLock(new Keyv(), { atomic })).toThrow(
      /A lock in pigeons is advisory.*\{ guarantee: "advisory" \}/,
    );
    expect(keyvLock(new Keyv(), { atomic, guarantee: "advisory" }).path).toEqual([]);
  }
});

/** A driver pair as a contributor would write it. This one delegates everything to a Map's. */
function atomicOf(keyv: Keyv, facts: AtomicStore["facts"]): AtomicStore {
  const cache = keyvCache(keyv);
  const lock = keyvLock(keyv, { scope: "process" });
  const keyOf = (name: string): string => name.slice(1, -1);
  return {
    kind: "pigeons",
    facts,
    cache: {
      kind: "pigeons",
      get: (name) => cache.get(keyOf(name)),
      set: (name, value, { version, ttlMs, ifVersion }) =>
        cache.set(keyOf(name), value, {
          operationId: version,
          ...(ttlMs !== undefined && { ttlMs }),
          ...(ifVersion !== undefined && { ifVersion }),
        }),
      delete: (name, ifVersion) =>
        cache.delete(keyOf(name), ifVersion === undefined ? {} : { ifVersion }),
      clear: () => cache.clear(),
      names: () => cache.keys(),
      close: async () => {},
    },
    lock: {
      kind: "pigeons",
      tryAcquire: (name, owner, ttlMs) => lock.tryAcquire(keyOf(name), owner, ttlMs),
      extend: (name, owner, ttlMs) => lock.extend(keyOf(name), owner, ttlMs),
      release: (name, owner) => lock.release(keyOf(name), owner),
    },
  };
}
