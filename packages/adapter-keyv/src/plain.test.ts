import Keyv from "keyv";
import { expect, test } from "vitest";
import { manualClock } from "@lingpai/core/testing";
import { keyvCache, keyvLock } from "./index.ts";

/** A store of Keyv 5 that nobody here has heard of. It takes a time to live, and remembers what it was given. */
class KeyvParcel {
  readonly parcels = new Map<string, { readonly value: string; readonly ttlMs: number | undefined }>();
  readonly opts = { dialect: "parcel" };
  namespace: string | undefined;
  isDown = false;

  async get(key: string): Promise<string | undefined> {
    if (this.isDown) throw new Error("the parcel service is closed; it had the token itself");
    return this.parcels.get(key)?.value;
  }
  async set(key: string, value: string, ttlMs?: number): Promise<void> {
    this.parcels.set(key, { value, ttlMs });
  }
  async delete(key: string): Promise<boolean> {
    return this.parcels.delete(key);
  }
  async clear(): Promise<void> {
    this.parcels.clear();
  }
  async *iterator(namespace?: string): AsyncGenerator<[string, string], void> {
    for (const [key, { value }] of this.parcels) yield [namespace === undefined ? key : `${namespace}:${key}`, value];
  }
}

const name = "lingpai::prod:{wx1}";

test("reads, writes, lists and deletes through a store without a known atomic operation, with the time to live in the store too", async () => {
  const store = new KeyvParcel();
  const clock = manualClock();
  const cache = keyvCache({ store }, { clock }).withPrefix("prod");

  expect((await cache.set("wx1", "token", { ttlMs: 1000 })).written).toBe(true);
  expect(store.parcels.get(name)?.ttlMs).toBe(1000);
  await clock.advance(400);
  expect(await cache.get("wx1")).toMatchObject({ value: "token", ttlMs: 600 });
  const keys = [];
  for await (const key of cache.keys()) keys.push(key);
  expect(keys).toEqual(["wx1"]);
  await clock.advance(600);
  expect(await cache.get("wx1")).toBeUndefined();
  expect(await cache.delete("wx1")).toBe(true);
  expect(await cache.delete("wx1")).toBe(false);
});

test("gives a store of Keyv 6 the instant of expiry that it expects", async () => {
  const clock = manualClock();
  const expiries: unknown[] = [];
  const store = {
    capabilities: { expires: true },
    get: async () => undefined,
    set: async (_key: string, _value: string, expiresAtMs?: number) => void expiries.push(expiresAtMs),
    delete: async () => true,
  };

  await keyvCache({ store }, { clock }).set("wx1", "token", { ttlMs: 1000 });
  await keyvCache({ store }, { clock }).set("wx1", "token");

  expect(expiries).toEqual([clock.wallMs() + 1000, undefined]);
});

test("refuses whatever is conditional, and changes nothing", async () => {
  const store = new KeyvParcel();
  const cache = keyvCache(new Keyv({ store })).withPrefix("prod");
  const { version } = await cache.set("wx1", "token");
  const refusal = {
    code: "LOCK_UNSUPPORTED",
    message: expect.stringMatching(/none is known of KeyvParcel.*Use a Keyv over SQLite.*\{ atomic \}/),
  };

  await expect(cache.set("wx1", "other", { ifVersion: "absent" })).rejects.toMatchObject(refusal);
  await expect(cache.set("wx1", "other", { ifVersion: version ?? "" })).rejects.toMatchObject(refusal);
  await expect(cache.delete("wx1", { ifVersion: version ?? "" })).rejects.toMatchObject(refusal);
  expect(await cache.get("wx1")).toMatchObject({ value: "token", version });
});

test("a lock over it cannot be constructed, and the error names the store and what to use instead", () => {
  const construct = () => keyvLock(new Keyv({ store: new KeyvParcel() }));
  expect(construct).toThrow(expect.objectContaining({ code: "LOCK_UNSUPPORTED" }));
  expect(construct).toThrow(/No atomic operation is known of KeyvParcel.*Use a Keyv over SQLite, PostgreSQL.*\{ native \}.*\{ atomic \}/);
});

test("clear() removes the entries of its own prefix, whatever the store puts before its keys, and no key of the user's", async () => {
  const store = new KeyvParcel();
  const cache = keyvCache({ store });
  await cache.withPrefix("prod").set("wx1", "ours");
  await cache.withPrefix("prod2").set("wx1", "another's");
  await store.set("prod:{wx1}", "the user's");
  store.namespace = "shop";

  expect(await cache.withPrefix("prod").clear()).toBe(1);

  expect([...store.parcels.keys()]).toEqual(["lingpai::prod2:{wx1}", "prod:{wx1}"]);
});

test("a store that fails is unavailable, not empty, and its message is not passed on", async () => {
  const store = new KeyvParcel();
  store.isDown = true;
  const failure = await keyvCache({ store })
    .get("wx1")
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "CACHE_UNAVAILABLE", retryable: true });
  expect(String(failure)).not.toContain("token itself");
});

test.each([
  ["somebody's text", "format"],
  ["null", "format"],
  ['{"schema":2,"version":"v","value":"token"}', "schema"],
  ['{"schema":1,"version":"v"}', "format"],
  ['{"schema":1,"version":"v","value":"token","expiresAtMs":"soon"}', "format"],
])("what somebody else stored under our key (%s) is unreadable, not missing", async (text, reason) => {
  const store = new KeyvParcel();
  await store.set(name, text);
  await expect(keyvCache({ store }).withPrefix("prod").get("wx1")).rejects.toMatchObject({ code: "UNREADABLE_ENTRY", reason });
});
