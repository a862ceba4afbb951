import Keyv from "keyv";
import { expect, test } from "vitest";
import { delay } from "@lingpai/core";
import type { Cache } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import Keyv5 from "keyv5";
import { keyvCache, keyvLock } from "../index.ts";

/**
 * A Keyv 5 store that this package does not know. It accepts a time to live, and records the one it
 * received.
 */
class KeyvParcel {
  readonly parcels = new Map<
    string,
    { readonly value: string; readonly ttlMs: number | undefined }
  >();
  readonly opts = { dialect: "parcel", url: "parcel://" };
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
    for (const [key, { value }] of this.parcels)
      yield [namespace === undefined ? key : `${namespace}:${key}`, value];
  }
}

/**
 * Behaves as `@keyv/mongo` 3: keys are stored as given, and the iterator yields those that begin
 * with the namespace.
 */
class KeyvFilteringParcel extends KeyvParcel {
  override async *iterator(namespace?: string): AsyncGenerator<[string, string], void> {
    for (const [key, { value }] of this.parcels)
      if (namespace === undefined || key.startsWith(`${namespace}:`)) yield [key, value];
  }
}

/**
 * Behaves as `@keyv/sqlite` 6: the namespace is stored apart from the key, and each namespace sees
 * only its own keys.
 */
class KeyvSortingParcel extends KeyvParcel {
  override get(key: string): Promise<string | undefined> {
    return super.get(this.#own + key);
  }
  override set(key: string, value: string, ttlMs?: number): Promise<void> {
    return super.set(this.#own + key, value, ttlMs);
  }
  override delete(key: string): Promise<boolean> {
    return super.delete(this.#own + key);
  }
  override async *iterator(): AsyncGenerator<[string, string], void> {
    for (const [key, { value }] of this.parcels)
      if (key.startsWith(this.#own)) yield [key.slice(this.#own.length), value];
  }
  get #own(): string {
    return `${this.namespace ?? ""}|`;
  }
}

const name = "lingpai::prod:{wx1}";

test("a cache over an unknown store reads, writes, lists and deletes, and passes the time to live to the store", async () => {
  const store = new KeyvParcel();
  const clock = manualClock();
  const cache = keyvCache({ store }, { clock }).withPrefix("prod");

  expect((await cache.set("wx1", "token", { ttlMs: 1000 })).written).toBe(true);
  expect(store.parcels.get(name)?.ttlMs).toBe(1000);
  await clock.advance(400);
  expect(await cache.get("wx1")).toMatchObject({ value: "token", ttlMs: 600 });
  expect(await listed(cache)).toEqual(["wx1"]);
  await clock.advance(600);
  expect(await cache.get("wx1")).toBeUndefined();
  expect(await cache.delete("wx1")).toBe(true);
  expect(await cache.delete("wx1")).toBe(false);
});

test("a cache over a Keyv 6 store passes the expiry instant that the store expects", async () => {
  const clock = manualClock();
  const expiries: unknown[] = [];
  const store = {
    capabilities: { expires: true },
    get: async () => undefined,
    set: async (_key: string, _value: string, expiresAtMs?: number) =>
      void expiries.push(expiresAtMs),
    delete: async () => true,
  };

  await keyvCache({ store }, { clock }).set("wx1", "token", { ttlMs: 1000 });
  await keyvCache({ store }, { clock }).set("wx1", "token");

  expect(expiries).toEqual([clock.wallMs() + 1000, undefined]);
});

test("a cache over an unknown store refuses conditional writes, and changes nothing", async () => {
  const store = new KeyvParcel();
  const cache = keyvCache(new Keyv({ store })).withPrefix("prod");
  const { version } = await cache.set("wx1", "token");
  const refusal = {
    code: "LOCK_UNSUPPORTED",
    message: expect.stringMatching(
      /none is known of KeyvParcel.*Use a Keyv over SQLite.*\{ atomic \}/,
    ),
  };

  await expect(cache.set("wx1", "other", { ifVersion: "absent" })).rejects.toMatchObject(refusal);
  await expect(cache.set("wx1", "other", { ifVersion: version ?? "" })).rejects.toMatchObject(
    refusal,
  );
  await expect(cache.delete("wx1", { ifVersion: version ?? "" })).rejects.toMatchObject(refusal);
  expect(await cache.get("wx1")).toMatchObject({ value: "token", version });
});

test("a lock over it cannot be constructed, and the error names the store and what to use instead", () => {
  const construct = () => keyvLock(new Keyv({ store: new KeyvParcel() }));
  expect(construct).toThrow(expect.objectContaining({ code: "LOCK_UNSUPPORTED" }));
  expect(construct).toThrow(
    /No atomic operation is known of KeyvParcel.*Use a Keyv over SQLite, PostgreSQL.*\{ native \}.*\{ atomic \}/,
  );
});

test("clear() removes the entries of its own prefix and no key of the user's, whatever the store prepends to keys", async () => {
  const store = new KeyvParcel();
  const cache = keyvCache({ store });
  await cache.withPrefix("prod").set("wx1", "ours");
  await cache.withPrefix("prod2").set("wx1", "another's");
  await store.set("prod:{wx1}", "the user's");
  store.namespace = "shop";

  expect(await cache.withPrefix("prod").clear()).toBe(1);

  expect([...store.parcels.keys()]).toEqual(["lingpai::prod2:{wx1}", "prod:{wx1}"]);
});

test.each([
  ["Keyv 5, which names a namespace by itself", (store: KeyvParcel) => new Keyv5({ store })],
  ["Keyv 5 with a namespace", (store: KeyvParcel) => new Keyv5({ store, namespace: "shop" })],
  ["Keyv 6", (store: KeyvParcel) => new Keyv({ store })],
  ["Keyv 6 with a namespace", (store: KeyvParcel) => new Keyv({ store, namespace: "shop" })],
])(
  "keys() and clear() find every entry once in each kind of store: %s",
  async (_title, keyvOver) => {
    for (const store of [new KeyvFilteringParcel(), new KeyvSortingParcel()]) {
      const cache = keyvCache(keyvOver(store)).withPrefix("prod");
      await cache.set("wx1", "token");
      await cache.set("wx2", "token");

      expect(await listed(cache), store.constructor.name).toEqual(["wx1", "wx2"]);
      expect(await cache.clear(), store.constructor.name).toBe(2);
      expect(store.parcels.size).toBe(0);
    }
  },
);

test("an entry of the same name in another namespace is neither listed nor counted", async () => {
  const store = new KeyvSortingParcel();
  store.iterator = KeyvParcel.prototype.iterator.bind(store);
  const cacheIn = (namespace: string) =>
    keyvCache(new Keyv5({ store, namespace })).withPrefix("prod");
  await cacheIn("shop").set("wx1", "token");
  const cache = cacheIn("warehouse");

  expect(await listed(cache)).toEqual([]);
  expect(await cache.clear()).toBe(0);
  expect([...store.parcels.keys()]).toEqual(["shop|lingpai::prod:{wx1}"]);
});

test("keys() has its deadline for each key, however many foreign keys come first", async () => {
  const clock = manualClock();
  const store = new KeyvParcel();
  store.iterator = async function* () {
    for (const key of ["the user's", "lingpai::prod2:{wx1}", "the user's too", name]) {
      await delay(clock, 200);
      yield [key, ""];
    }
  };
  const cache = keyvCache({ store }, { clock, deadlineMs: 500 }).withPrefix("prod");
  await cache.set("wx1", "token");

  const [keys] = await Promise.all([listed(cache), clock.advance(800)]);

  expect(keys).toEqual(["wx1"]);
});

test("a store that fails is reported as unavailable, not as empty, and its message is not passed on", async () => {
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
])(
  "a foreign value under Lingpai's key (%s) is reported as unreadable, not as missing",
  async (text, reason) => {
    const store = new KeyvParcel();
    await store.set(name, text);
    await expect(keyvCache({ store }).withPrefix("prod").get("wx1")).rejects.toMatchObject({
      code: "UNREADABLE_ENTRY",
      reason,
    });
  },
);

async function listed(cache: Cache): Promise<string[]> {
  const keys = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys;
}
