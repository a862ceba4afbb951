import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Cache, Entry, WatchListener } from "../cache/cache.ts";
import type { CacheDriver } from "../cache/cache-driver.ts";
import { createCache } from "../cache/create-cache.ts";
import { claimsPath } from "../cache/claims-path.ts";
import { keyring } from "./keyring.ts";
import type { SealingKey } from "./keyring.ts";
import { sealed } from "./sealed.ts";

const secret = "canary-51f0-tokens";
const keyFrom = (seed: string): Uint8Array => createHash("sha256").update(seed).digest();
const old: SealingKey = { id: "2026-05", key: keyFrom("old") };
const current: SealingKey = { id: "2026-06", key: keyFrom("current") };

/** A store whose content the test reads and changes without the cache. */
function store({ pushesChanges = true } = {}): {
  readonly cache: Cache;
  readonly stored: Map<string, Entry>;
} {
  const stored = new Map<string, Entry>();
  const listeners = new Set<WatchListener>();
  const driver: CacheDriver = {
    kind: "map",
    get: async (name) => stored.get(name),
    async set(name, value, { version, ttlMs, ifVersion }) {
      const found = stored.get(name);
      if (ifVersion !== undefined && ifVersion !== (found?.version ?? "absent"))
        return { written: false, version: found?.version, storeNowMs: 1 };
      stored.set(name, { value, version, ttlMs, storeNowMs: 1 });
      for (const listener of listeners) listener(name);
      return { written: true, version, storeNowMs: 1 };
    },
    delete: async (name, ifVersion) =>
      (ifVersion === undefined || stored.get(name)?.version === ifVersion) && stored.delete(name),
    async clear(scope) {
      const names = [...stored.keys()].filter((name) => name.startsWith(scope));
      for (const name of names) stored.delete(name);
      return names.length;
    },
    async *names(scope) {
      yield* [...stored.keys()].filter((name) => name.startsWith(scope));
    },
    close: async () => {},
  };
  const watch = async (_scope: string, listener: WatchListener): Promise<() => Promise<void>> => {
    listeners.add(listener);
    return async () => void listeners.delete(listener);
  };
  return { cache: createCache(pushesChanges ? { ...driver, watch } : driver), stored };
}

const entryOf = (stored: ReadonlyMap<string, Entry>, name: string): Entry => {
  const entry = stored.get(name);
  if (entry === undefined) throw new Error(`Nothing is stored under ${name}.`);
  return entry;
};

const unreadable = (reason: string): object => ({
  code: "UNREADABLE_ENTRY",
  reason,
  retryable: false,
});

test("claims are not sealed, so that environments with other keys can read them", async () => {
  const { cache, stored } = store();
  const [prod, staging] = [old, current].map((key) => sealed(cache, keyring({ active: key })));
  await prod?.withPrefix("prod").at(claimsPath).set("k", "prod");
  expect(await staging?.at(claimsPath).get("k")).toMatchObject({ value: "prod" });
  expect([...stored.values()].map(({ value }) => value)).toEqual(["prod"]);
});

describe("a sealed cache", () => {
  test("returns what was written, and stores no part of it in clear", async () => {
    const { cache, stored } = store();
    const vault = sealed(cache, keyring({ active: current })).withPrefix("prod");
    for (const value of [
      secret,
      "",
      "null",
      '{"a":1}',
      '\0\r\n"',
      "令牌😀",
      "lps1.a.b",
      "x".repeat(100_000),
    ]) {
      const { version } = await vault.set("wx1", value, { ttlMs: 1000 });
      expect(await vault.get("wx1")).toMatchObject({ value, version, ttlMs: 1000 });
      expect(entryOf(stored, "prod:{wx1}").value).toMatch(/^lps1\.2026-06\.[A-Za-z0-9_-]+$/);
    }
    await vault.set("wx1", secret);
    const envelope = entryOf(stored, "prod:{wx1}").value;
    expect(envelope).not.toContain(secret.slice(0, 8));
    expect(Buffer.from(envelope.split(".")[2] ?? "", "base64url").toString("latin1")).not.toContain(
      secret.slice(0, 8),
    );
  });

  test("never seals twice into the same text", async () => {
    const { cache, stored } = store();
    const vault = sealed(cache, keyring({ active: current }));
    const envelopes = new Set<string>();
    for (let writes = 0; writes < 50; writes += 1) {
      await vault.set("k", secret, { operationId: "same-id" });
      envelopes.add(entryOf(stored, "{k}").value);
    }
    expect(envelopes.size).toBe(50);
  });

  test("does not change versions, conditions, paths, keys, watch, delete, clear and close", async () => {
    const { cache } = store();
    const vault = sealed(cache, keyring({ active: current })).withPrefix("a");
    const heard: Array<string | undefined> = [];
    await vault.watch!((key) => heard.push(key));
    const first = await vault.set("k", "1", { ifVersion: "absent", operationId: "first" });
    expect(first).toMatchObject({ written: true, version: "first" });
    expect(await vault.set("k", "2", { ifVersion: "absent" })).toMatchObject({
      written: false,
      version: "first",
    });
    expect(await vault.set("k", "2", { ifVersion: "first" })).toMatchObject({ written: true });
    expect(await vault.delete("k", { ifVersion: "first" })).toBe(false);
    expect(vault.path).toEqual(["a"]);
    expect(vault.at(["b", "c"]).path).toEqual(["b", "c"]);
    expect(vault.pushesChanges).toBe(true);
    const keys: string[] = [];
    for await (const key of vault.keys()) keys.push(key);
    expect(keys).toEqual(["k"]);
    expect(heard).toEqual(["k", "k"]);
    expect(await vault.delete("k")).toBe(true);
    expect(await vault.clear()).toBe(0);
    await vault.close();
    await expect(cache.get("k")).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("has no watch if the cache has none", () => {
    const vault = sealed(store({ pushesChanges: false }).cache, keyring({ active: current }));
    expect(vault.watch).toBeUndefined();
    expect(vault.pushesChanges).toBe(false);
  });
});

describe("an entry that cannot be opened is not a miss", () => {
  const written = async (): Promise<{ vault: Cache; stored: Map<string, Entry>; entry: Entry }> => {
    const { cache, stored } = store();
    const vault = sealed(cache, keyring({ active: current }));
    await vault.at(["prod"]).set("k", secret);
    return { vault, stored, entry: entryOf(stored, "prod:{k}") };
  };

  test("PREFIX-13 when it was copied under another environment, key or write", async () => {
    const { vault, stored, entry } = await written();
    stored.set("staging:{k}", entry);
    stored.set("prod:{other}", entry);
    await expect(vault.at(["staging"]).get("k")).rejects.toMatchObject(unreadable("tag"));
    await expect(vault.at(["prod"]).get("other")).rejects.toMatchObject(unreadable("tag"));
    stored.set("prod:{k}", { ...entry, version: "another-write" });
    await expect(vault.at(["prod"]).get("k")).rejects.toMatchObject(unreadable("tag"));
    stored.set("prod:{k}", entry);
    expect(await vault.at(["prod"]).get("k")).toMatchObject({ value: secret });
  });

  test("when any one of its characters was changed", async () => {
    const { vault, stored, entry } = await written();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const start = "lps1.2026-06.".length;
    for (let at = start; at < entry.value.length; at += 1) {
      // The lowest bit: in the last character a lenient decoder would ignore it.
      const swapped = alphabet[alphabet.indexOf(entry.value[at] ?? "") ^ 1];
      stored.set("prod:{k}", {
        ...entry,
        value: entry.value.slice(0, at) + swapped + entry.value.slice(at + 1),
      });
      await expect(vault.at(["prod"]).get("k")).rejects.toMatchObject({
        code: "UNREADABLE_ENTRY",
        reason: expect.stringMatching(/^(tag|format)$/),
      });
    }
  });

  test.each([
    ["lps2.2026-06.AAAA", "schema"],
    ["lps10.anything at all", "schema"],
    ["lps1.2026-06", "format"],
    ["lps1.2026-06.", "format"],
    ["lps1.2026-06.AAAA", "format"],
    ["lps1.2026-06.AAAA====", "format"],
    ["lps1..AAAA", "format"],
    ["lps0.a.b", "format"],
    [secret, "format"],
    ["", "format"],
  ])("when it is %j", async (value, reason) => {
    const { vault, stored, entry } = await written();
    stored.set("prod:{k}", { ...entry, value });
    await expect(vault.at(["prod"]).get("k")).rejects.toMatchObject({
      ...unreadable(reason),
      key: "k",
    });
  });

  test("CACHE-17 and a conditional write replaces it only under its exact version", async () => {
    const { vault, stored, entry } = await written();
    const prod = vault.at(["prod"]);
    stored.set("prod:{k}", { ...entry, value: "lps2.later.AAAA" });
    expect(await prod.set("k", "mine", { ifVersion: "absent" })).toMatchObject({
      written: false,
      version: entry.version,
    });
    expect(await prod.set("k", "mine", { ifVersion: "elsewhere" })).toMatchObject({
      written: false,
    });
    expect(entryOf(stored, "prod:{k}").value).toBe("lps2.later.AAAA");
    expect(await prod.set("k", "mine", { ifVersion: entry.version })).toMatchObject({
      written: true,
    });
    expect(await prod.get("k")).toMatchObject({ value: "mine" });
  });

  test("FAULT-11 and its error shows neither value, envelope nor key", async () => {
    const { vault, stored, entry } = await written();
    for (const value of [
      secret,
      `lps1.unknown.${Buffer.from(secret).toString("base64url")}`,
      entry.value.slice(0, -8),
      `${entry.value}AAAA`,
    ]) {
      stored.set("prod:{k}", { ...entry, value });
      const error: unknown = await vault
        .at(["prod"])
        .get("k")
        .catch((thrown: unknown) => thrown);
      const printed = inspect(error, { depth: 10, showHidden: true });
      expect(error).toMatchObject({ code: "UNREADABLE_ENTRY" });
      expect(printed).not.toContain(secret.slice(0, 8));
      expect(printed).not.toContain(entry.value.slice(20, 28));
    }
  });
});

describe("keys rotate in two phases", () => {
  test("and every node reads every entry throughout", async () => {
    const { cache } = store();
    const rings = [
      keyring({ active: old }),
      keyring({ active: old, readable: [current] }),
      keyring({ active: current, readable: [old] }),
    ];
    const [before, prepared, after] = rings.map((ring) => sealed(cache, ring));
    await before!.set("k", "1");
    expect(await prepared!.get("k")).toMatchObject({ value: "1" });
    await prepared!.set("k", "2");
    expect(await before!.get("k")).toMatchObject({ value: "2" });
    expect(await after!.get("k")).toMatchObject({ value: "2" });
    await after!.set("k", "3");
    expect(await prepared!.get("k")).toMatchObject({ value: "3" });
  });

  test("and a node that lacks the key gets the reason key-id", async () => {
    const { cache } = store();
    await sealed(cache, keyring({ active: current })).set("k", secret);
    const behind = sealed(cache, keyring({ active: old }));
    await expect(behind.get("k")).rejects.toMatchObject({
      ...unreadable("key-id"),
      message: expect.stringContaining('"2026-06"'),
    });
  });

  test("and another key under the same id is a failed tag, not a value", async () => {
    const { cache } = store();
    await sealed(cache, keyring({ active: current })).set("k", secret);
    const impostor = sealed(
      cache,
      keyring({ active: { id: current.id, key: keyFrom("impostor") } }),
    );
    await expect(impostor.get("k")).rejects.toMatchObject(unreadable("tag"));
  });
});

describe("a store that was used unsealed", () => {
  test("is read while it migrates, and sealed entry by entry as it is written", async () => {
    const { cache, stored } = store();
    await cache.set("k", "in clear");
    const vault = sealed(cache, keyring({ active: current }), { plaintext: "read" });
    expect(await vault.get("k")).toMatchObject({ value: "in clear" });
    await vault.set("k", "in clear");
    expect(entryOf(stored, "{k}").value).toMatch(/^lps1\./);
    expect(await vault.get("k")).toMatchObject({ value: "in clear" });
  });

  test("still refuses an altered entry that has the form of an envelope", async () => {
    const { cache } = store();
    const vault = sealed(cache, keyring({ active: current }), { plaintext: "read" });
    await cache.set("k", "lps1.2026-06.AAAA");
    await expect(vault.get("k")).rejects.toMatchObject(unreadable("format"));
    await cache.set("k", "lps9.x");
    await expect(vault.get("k")).rejects.toMatchObject(unreadable("schema"));
  });

  test("is refused unless plaintext allows it", async () => {
    const { cache } = store();
    await cache.set("k", "in clear");
    await expect(sealed(cache, keyring({ active: current })).get("k")).rejects.toMatchObject(
      unreadable("format"),
    );
  });
});

test("an invalid keyring or option is refused at construction", () => {
  const { cache } = store();
  expect(() => sealed(cache, { activeId: "a", readableIds: ["a"] })).toThrow(
    expect.objectContaining({ code: "CONFIGURATION" }),
  );
  // @ts-expect-error: a caller in JavaScript may pass this
  expect(() => sealed(cache, keyring({ active: current }), { plaintext: "yes" })).toThrow(
    expect.objectContaining({ code: "CONFIGURATION" }),
  );
});
