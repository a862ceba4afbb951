import { posix } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Cache } from "@lingpai/core";
import type { CacheDriver } from "@lingpai/core/driver";
import { bare, mutant, overriding, placed, renamed, type Mutant } from "./mutant.ts";
import type { DriverShape } from "./simulated/simulated-client.ts";
import { find } from "./simulated/simulated-store.ts";

const lastOf = (path: readonly string[]): string => path.at(-1) ?? "";

/** Adapters with broken names. */
const nameMutants: readonly Mutant[] = [
  mutant("the prefix is ignored", "PREFIX-01", { habits: () => ({ place: bare }) }),
  mutant("colons are not escaped", "PREFIX-05 PREFIX-06", {
    driver: (sound) =>
      placed(sound, (name) => name.replaceAll("%3A", ":").replaceAll(":{", ":").replace(/\}$/, "")),
  }),
  mutant("names are not escaped, and clear() uses its prefix as a glob", "PREFIX-04", {
    habits: () => ({ place: decoded }),
    rules: ({ names }) => ({
      names: (shard, scope) => names(shard, "").filter((key) => glob(`${scope}*`).test(key)),
    }),
  }),
  mutant("a lone surrogate becomes a replacement character", "PREFIX-11", {
    cache: (sound) =>
      renamed(sound, {
        key: (key) => key.toWellFormed(),
        segment: (segment) => segment.toWellFormed(),
      }),
  }),
  mutant("names are converted to lower case", "PREFIX-12 PREFIX-15", {
    habits: () => ({ place: (name) => name.toLowerCase() }),
  }),
  mutant("clear() uses its prefix as a LIKE pattern", "PREFIX-14", {
    rules: ({ names }) => ({
      names: (shard, scope) => names(shard, "").filter((key) => like(`${scope}%`).test(key)),
    }),
  }),
  mutant("a prefix is removed from a key that begins with it", "PREFIX-17", {
    cache: (sound) =>
      renamed(sound, {
        key: (key, path) =>
          (key.startsWith(`${lastOf(path)}:`) ? key.slice(lastOf(path).length + 1) : key) ||
          "empty",
      }),
  }),
  mutant("names are trimmed", "PREFIX-18", {
    cache: (sound) =>
      renamed(sound, {
        key: (key) => key.trim() || key,
        segment: (segment) => segment.trim() || segment,
      }),
  }),
  mutant("names are normalised to NFC", "PREFIX-19", {
    cache: (sound) =>
      renamed(sound, {
        key: (key) => key.normalize("NFC"),
        segment: (segment) => segment.normalize("NFC"),
      }),
  }),
  mutant("an empty prefix matches everything", "PREFIX-20", { cache: emptyIsEverything }),
  mutant("an empty key is accepted", "PREFIX-21", {
    cache: (sound) => renamed(sound, { key: (key) => key || "empty" }),
  }),
  mutant("keys() removes the prefix's text anywhere in a key", "PREFIX-24", {
    cache: (sound) => renamed(sound, { listed: (key, path) => key.replaceAll(lastOf(path), "") }),
  }),
  mutant("names are normalised like paths", "PREFIX-25", {
    cache: (sound) => renamed(sound, { key: (key) => posix.normalize(key) }),
  }),
  mutant("names are truncated at a question mark", "PREFIX-25", {
    cache: (sound) => renamed(sound, { key: (key) => key.split("?")[0] || key }),
  }),
  mutant("long names are truncated", "PREFIX-28", {
    facts: { maxKeyBytes: 250 },
    habits: () => ({ place: (name) => name.slice(0, 250) }),
  }),
];

/** Adapters that do not separate prefixes, clients or kinds of data. */
const borderMutants: readonly Mutant[] = [
  mutant("clear() removes every key that begins with its prefix's text", "PREFIX-02 PREFIX-16", {
    rules: ({ names }) => ({ names: (shard, scope) => names(shard, scope.replace(/:?\{$/, "")) }),
  }),
  mutant("clear() blocks the server during its scan", "PREFIX-03", {
    driver: (sound, client) => ({
      async clear(scope) {
        for (const node of client.primaries())
          await client.request(
            { command: "keys", keys: [], scripted: false, blocksMs: 80, run: () => undefined },
            node,
          );
        return sound.clear(scope);
      },
    }),
  }),
  mutant("clear() removes and counts one page only", "PREFIX-03", {
    driver: (sound) => ({
      async clear(scope) {
        let count = 0;
        for await (const name of sound.names(scope))
          if (count < 1_000 && (await sound.delete(name, undefined))) count += 1;
        return count;
      },
    }),
  }),
  mutant("clear() ignores the client's own prefix", "PREFIX-07", {
    driver: (_sound, client) => ({ clear: (scope) => clearWherever(client, scope) }),
  }),
  mutant("a lock's prefix is ignored", "PREFIX-08", {
    lockDriver: (sound) => ({
      tryAcquire: (name, owner, ttlMs) => sound.tryAcquire(bare(name), owner, ttlMs),
      extend: (name, owner, ttlMs) => sound.extend(bare(name), owner, ttlMs),
      release: (name, owner) => sound.release(bare(name), owner),
    }),
  }),
  mutant("a watch is notified of every prefix", "PREFIX-09", {
    layout: { changes: () => "changes" },
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (name) => listener(name && scope + bare(name).slice(1)))) ??
        (async () => {}),
    }),
  }),
  mutant("fences are stored outside the prefix", "PREFIX-10", {
    layout: { fence: (name) => `fences:${name}` },
  }),
  mutant("a sealed value can be opened under any name", "PREFIX-13", {
    core: () => ({
      sealed: (cache) =>
        overriding(cache, (view) => ({
          set: (key, value, options) =>
            view.set(key, Buffer.from(value).toString("base64"), options),
          get: async (key) => {
            const entry = await view.get(key);
            return entry && { ...entry, value: Buffer.from(entry.value, "base64").toString() };
          },
        })),
    }),
  }),
  mutant("a client keeps the first prefix that it was used with", "PREFIX-22", {
    driver: stickyPrefix,
  }),
  mutant("clear() removes locks and fences too", "PREFIX-23 FENCE-07", {
    rules: () => ({
      names: (shard, scope) => [...shard.data.keys()].filter((key) => key.startsWith(scope)),
      delete: (shard, key) => find(shard, key) !== undefined && shard.data.delete(key),
    }),
  }),
  mutant("clear() removes data of other software", "PREFIX-26", {
    rules: (sound) => ({
      names: (shard, scope) =>
        [...shard.data.keys()]
          .filter(
            (key) =>
              key.startsWith(scope.replace(/:?\{$/, "")) && find(shard, key)?.kind === "foreign",
          )
          .concat(sound.names(shard, scope)),
      delete: (shard, key, ifVersion) =>
        shard.data.get(key)?.kind === "foreign"
          ? shard.data.delete(key)
          : sound.delete(shard, key, ifVersion),
    }),
  }),
  mutant("clear() empties the store and writes the rest back", "PREFIX-27", {
    driver: (_sound, client) => ({
      async clear(scope) {
        let count = 0;
        for (const node of client.primaries()) {
          const rest = await client.request(
            {
              command: "dump",
              keys: [],
              scripted: false,
              run: ({ data }) =>
                [...data].filter(([key, { kind }]) => kind !== "entry" || !key.startsWith(scope)),
            },
            node,
          );
          await setImmediate();
          count += await client.request(
            {
              command: "restore",
              keys: [],
              scripted: false,
              run: ({ data }) => {
                const removed = [...data.keys()].filter((key) => key.startsWith(scope)).length;
                data.clear();
                for (const [key, item] of rest) data.set(key, item);
                return removed;
              },
            },
            node,
          );
        }
        return count;
      },
    }),
  }),
];

export const prefixMutants: readonly Mutant[] = [...nameMutants, ...borderMutants];

function emptyIsEverything(cache: Cache): Cache {
  return {
    ...renamed(cache, {}),
    withPrefix: (segment) => emptyIsEverything(segment === "" ? cache : cache.withPrefix(segment)),
    at: (path) => emptyIsEverything(cache.at(path.filter((segment) => segment !== ""))),
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Compiles a glob: `*`, `?`, and sets in brackets. */
function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^$/;
  }
}

/** Compiles an SQL LIKE pattern: `%` and `_`. */
function like(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("%", "[^]*")
      .replaceAll("_", "[^]")}$`,
  );
}

/** Removes every key that contains the scope's text anywhere. */
async function clearWherever(client: DriverShape, scope: string): Promise<number> {
  let count = 0;
  for (const node of client.primaries()) {
    const remove = (data: Map<string, unknown>): number =>
      [...data.keys()].filter((key) => key.includes(scope) && data.delete(key)).length;
    count += await client.request(
      { command: "clear", keys: [], scripted: false, run: ({ data }) => remove(data) },
      node,
    );
  }
  return count;
}

function stickyPrefix(sound: CacheDriver, client: DriverShape): Partial<CacheDriver> {
  return placed(sound, (name) => {
    const own = name.slice(0, -bare(name).length);
    const scope = client.leaks.find((leak) => typeof leak === "string");
    if (scope === undefined) client.leaks.push(own);
    return (scope ?? own) + bare(name);
  });
}
