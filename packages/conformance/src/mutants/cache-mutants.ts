import type { Entry } from "@lingpai/core";
import { excusing, mutant, turns, type Mutant } from "./mutant.ts";
import { find, findEntry } from "./simulated/simulated-store.ts";

/** Adapters with broken values, versions and conditions. */
export const cacheMutants: readonly Mutant[] = [
  mutant("a write trims the value", "CACHE-01", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, value.trim(), write) }),
  }),
  mutant("an empty value is read as a miss", "CACHE-01", {
    driver: ({ get }) => ({
      get: async (name) => get(name).then((entry) => (entry?.value === "" ? undefined : entry)),
    }),
  }),
  mutant("a write parses and reprints text that looks like JSON", "CACHE-01", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, reprinted(value), write) }),
  }),
  mutant("a missing key is read as an empty entry", "CACHE-02", {
    driver: ({ get }) => ({
      get: async (name) =>
        (await get(name)) ?? { value: "", version: "0", ttlMs: undefined, storeNowMs: 1 },
    }),
  }),
  mutant("versions count from 1, and start again at 1 after a delete", "CACHE-03", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const last = Number(findEntry(shard, name)?.version ?? 0);
        return set(shard, name, value, { ...write, version: String(last + 1) });
      },
    }),
  }),
  mutant("the version is a hash of the value", "CACHE-03", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set(shard, name, value, { ...write, version: `hash-${value.length}` }),
    }),
  }),
  mutant("a conditional write keeps the version", "CACHE-04", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (
          !outcome.written ||
          item?.kind !== "entry" ||
          !write.ifVersion ||
          write.ifVersion === "absent"
        )
          return outcome;
        shard.data.set(name, { ...item, version: write.ifVersion });
        return { ...outcome, version: write.ifVersion };
      },
    }),
  }),
  mutant("a conflict does not return the stored version", "CACHE-05", {
    driver: ({ set }) => ({
      set: async (name, value, write) => {
        const outcome = await set(name, value, write);
        return outcome.written ? outcome : { ...outcome, version: undefined };
      },
    }),
  }),
  mutant("a conditional write ignores its condition", "CACHE-05 FENCE-06 FAULT-18", {
    rules: ({ set }) => ({
      set(shard, name, value, { ifVersion, ...write }) {
        return set(shard, name, value, {
          ...write,
          ifVersion: ifVersion === "absent" ? ifVersion : undefined,
        });
      },
    }),
  }),
  mutant('"absent" is no condition', "CACHE-06", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set(shard, name, value, {
          ...write,
          ifVersion: write.ifVersion === "absent" ? undefined : write.ifVersion,
        }),
    }),
  }),
  mutant("a conditional write is two steps: a read, then a write", "CACHE-07", {
    driver: ({ get, set }) => ({
      async set(name, value, { ifVersion, ...write }) {
        const stored = await get(name);
        const held =
          ifVersion !== undefined &&
          (stored?.version ?? "absent") !== ifVersion &&
          stored?.version !== write.version;
        if (held)
          return { written: false, version: stored?.version, storeNowMs: stored?.storeNowMs ?? 1 };
        return set(name, value, { ...write, ifVersion: undefined });
      },
    }),
  }),
  mutant("an expired entry still causes a conflict", "CACHE-08", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = shard.data.get(name);
        if (
          item?.kind !== "entry" ||
          write.ifVersion === undefined ||
          item.expiresAtMs > shard.nowMs
        )
          return set(shard, name, value, write);
        return { written: false, version: item.version, storeNowMs: shard.nowMs };
      },
    }),
  }),
  mutant("delete always returns true", "CACHE-09", {
    driver: (sound) => ({
      delete: async (name, ifVersion) => (await sound.delete(name, ifVersion), true),
    }),
  }),
  mutant("delete ignores its condition", "CACHE-10", {
    driver: (sound) => ({ delete: (name) => sound.delete(name, undefined) }),
  }),
  mutant("a foreign value is read as a miss", "CACHE-17", {
    driver: ({ get }) => ({
      get: (name) => excusing<Entry | undefined>("UNREADABLE_ENTRY", undefined, () => get(name)),
    }),
  }),
  mutant("a conditional write replaces a foreign value", "CACHE-17", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        if (find(shard, name)?.kind === "foreign") shard.data.delete(name);
        return set(shard, name, value, write);
      },
    }),
  }),
  mutant("reads come from a local copy that is never refreshed", "CACHE-18", {
    driver({ get }) {
      const copies = new Map<string, Entry>();
      return {
        async get(name) {
          const entry = copies.get(name) ?? (await get(name));
          if (entry) copies.set(name, entry);
          return entry;
        },
      };
    },
  }),
  mutant("a write can overtake an earlier one", "CACHE-19", {
    driver({ set }) {
      let count = 0;
      return {
        async set(name, value, write) {
          if ((count += 1) % 3 === 0) await turns(400);
          return set(name, value, write);
        },
      };
    },
  }),
  mutant("keys() returns its first page only", "CACHE-20", {
    driver: ({ names }) => ({
      async *names(scope) {
        let count = 0;
        for await (const name of names(scope)) if ((count += 1) <= 500) yield name;
      },
    }),
  }),
  mutant("close() closes the caller's client", "CACHE-21", { closesClient: true }),
  mutant("a call that timed out is sent again later as a new write", "CACHE-23", {
    driver: ({ set }, client) => ({
      async set(name, value, write) {
        try {
          return await set(name, value, write);
        } catch (error) {
          client.clock.setTimer(client.habits.deadlineMs, () => {
            set(name, value, {
              ...write,
              ifVersion: undefined,
              version: `${write.version}-again`,
            }).catch(() => {});
          });
          throw error;
        }
      },
    }),
  }),
  mutant("a write that is sent again conflicts with itself", "CACHE-24 FAULT-04 FAULT-05", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const entry = findEntry(shard, name);
        const repeated = entry?.version === write.version && write.ifVersion !== undefined;
        return repeated
          ? { written: false, version: entry.version, storeNowMs: shard.nowMs }
          : set(shard, name, value, write);
      },
    }),
  }),
  mutant("callers share one mutable entry object", "CACHE-30", {
    driver({ get }) {
      const shared = new Map<string, Entry>();
      return {
        async get(name) {
          const entry = await get(name);
          if (entry === undefined || [...shared.values()].includes(entry)) return entry;
          const first = shared.get(`${name} ${entry.version}`) ?? entry;
          shared.set(`${name} ${entry.version}`, first);
          return first;
        },
      };
    },
  }),
];

function reprinted(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return value;
  }
}
