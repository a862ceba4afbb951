import type { Entry } from "@lingpai/core";
import { excusing, mutant, overriding, turns, type Mutant } from "./mutant.ts";
import { find, findEntry, scopeOfName } from "./simulated-store.ts";

const dayMs = 86_400_000;

/** Broken values, versions and conditions. */
export const cacheMutants: readonly Mutant[] = [
  mutant("values are trimmed", "CACHE-01", { driver: ({ set }) => ({ set: (name, value, write) => set(name, value.trim(), write) }) }),
  mutant("an empty value is a miss", "CACHE-01", {
    driver: ({ get }) => ({ get: async (name) => get(name).then((entry) => (entry?.value === "" ? undefined : entry)) }),
  }),
  mutant("text that looks like JSON is parsed and written anew", "CACHE-01", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, reprinted(value), write) }),
  }),
  mutant("a missing key is an empty entry", "CACHE-02", {
    driver: ({ get }) => ({
      get: async (name) => (await get(name)) ?? { value: "", version: "0", ttlMs: undefined, storeNowMs: 1 },
    }),
  }),
  mutant("versions count from 1, anew after a delete", "CACHE-03", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const last = Number(findEntry(shard, name)?.version ?? 0);
        return set(shard, name, value, { ...write, version: String(last + 1) });
      },
    }),
  }),
  mutant("the version is a hash of the value", "CACHE-03", {
    rules: ({ set }) => ({ set: (shard, name, value, write) => set(shard, name, value, { ...write, version: `hash-${value.length}` }) }),
  }),
  mutant("a conditional write keeps the version", "CACHE-04", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (!outcome.written || item?.kind !== "entry" || !write.ifVersion || write.ifVersion === "absent") return outcome;
        shard.data.set(name, { ...item, version: write.ifVersion });
        return { ...outcome, version: write.ifVersion };
      },
    }),
  }),
  mutant("a conflict does not tell the stored version", "CACHE-05", {
    driver: ({ set }) => ({
      set: async (name, value, write) => {
        const outcome = await set(name, value, write);
        return outcome.written ? outcome : { ...outcome, version: undefined };
      },
    }),
  }),
  mutant("a write on another version is done", "CACHE-05 FENCE-06 FAULT-18", {
    rules: ({ set }) => ({
      set(shard, name, value, { ifVersion, ...write }) {
        return set(shard, name, value, { ...write, ifVersion: ifVersion === "absent" ? ifVersion : undefined });
      },
    }),
  }),
  mutant('"absent" is no condition', "CACHE-06", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set(shard, name, value, { ...write, ifVersion: write.ifVersion === "absent" ? undefined : write.ifVersion }),
    }),
  }),
  mutant("a conditional write reads first and writes then", "CACHE-07", {
    driver: ({ get, set }) => ({
      async set(name, value, { ifVersion, ...write }) {
        const stored = await get(name);
        const held = ifVersion !== undefined && (stored?.version ?? "absent") !== ifVersion && stored?.version !== write.version;
        if (held) return { written: false, version: stored?.version, storeNowMs: stored?.storeNowMs ?? 1 };
        return set(name, value, { ...write, ifVersion: undefined });
      },
    }),
  }),
  mutant("an expired entry still stands in the way of a conditional write", "CACHE-08", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = shard.data.get(name);
        if (item?.kind !== "entry" || write.ifVersion === undefined || item.expiresAtMs > shard.nowMs)
          return set(shard, name, value, write);
        return { written: false, version: item.version, storeNowMs: shard.nowMs };
      },
    }),
  }),
  mutant("delete always says yes", "CACHE-09", {
    driver: (sound) => ({ delete: async (name, ifVersion) => (await sound.delete(name, ifVersion), true) }),
  }),
  mutant("delete has no condition", "CACHE-10", { driver: (sound) => ({ delete: (name) => sound.delete(name, undefined) }) }),
  mutant("a foreign value is a miss", "CACHE-17", {
    driver: ({ get }) => ({ get: (name) => excusing<Entry | undefined>("UNREADABLE_ENTRY", undefined, () => get(name)) }),
  }),
  mutant("a conditional write replaces a foreign value", "CACHE-17", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        if (find(shard, name)?.kind === "foreign") shard.data.delete(name);
        return set(shard, name, value, write);
      },
    }),
  }),
  mutant("reads come from a copy that nobody renews", "CACHE-18", {
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
  mutant("some writes overtake others", "CACHE-19", {
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
  mutant("keys() ends after its first page", "CACHE-20", {
    driver: ({ names }) => ({
      async *names(scope) {
        let count = 0;
        for await (const name of names(scope)) if ((count += 1) <= 500) yield name;
      },
    }),
  }),
  mutant("close() closes the client that was given", "CACHE-21", { closesClient: true }),
  mutant("a call that timed out is sent again later, as a new write", "CACHE-23", {
    driver: ({ set }, client) => ({
      async set(name, value, write) {
        try {
          return await set(name, value, write);
        } catch (error) {
          client.clock.setTimer(client.habits.deadlineMs, () => {
            set(name, value, { ...write, ifVersion: undefined, version: `${write.version}-again` }).catch(() => {});
          });
          throw error;
        }
      },
    }),
  }),
  mutant("a write that is sent again is a conflict with itself", "CACHE-24 FAULT-04 FAULT-05", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const entry = findEntry(shard, name);
        const repeated = entry?.version === write.version && write.ifVersion !== undefined;
        return repeated ? { written: false, version: entry.version, storeNowMs: shard.nowMs } : set(shard, name, value, write);
      },
    }),
  }),
  mutant("callers share one entry object", "CACHE-30", {
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

/** Broken times to live. */
export const ttlMutants: readonly Mutant[] = [
  mutant("times to live are ignored", "CACHE-11 CACHE-08", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, value, { ...write, ttlMs: undefined }) }),
  }),
  mutant("an entry ends a millisecond early", "CACHE-11", {
    rules: ({ set }) => ({ set: (shard, ...write) => set({ ...shard, nowMs: shard.nowMs - 1 }, ...write) }),
  }),
  mutant("an entry outlives its time to live", "CACHE-11", {
    rules: ({ get }) => ({ get: (shard, name) => get({ ...shard, nowMs: shard.nowMs - 5 }, name) }),
  }),
  mutant("the time to live that an entry tells does not count down", "CACHE-12", {
    rules: ({ get }) => ({
      get(shard, name) {
        const entry = get(shard, name);
        const item = find(shard, name);
        return entry && { ...entry, ttlMs: item?.kind === "entry" ? item.ttlMs : undefined };
      },
    }),
  }),
  mutant("a write without a time to live keeps the earlier end", "CACHE-13", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = find(shard, name);
        const leftMs = item?.kind === "entry" && Number.isFinite(item.expiresAtMs) ? item.expiresAtMs - shard.nowMs : undefined;
        return set(shard, name, value, { ...write, ttlMs: write.ttlMs ?? leftMs });
      },
    }),
  }),
  mutant("a time to live that makes no sense means for ever", "CACHE-14 CACHE-27", {
    cache: (sound) =>
      overriding(sound, (view) => ({
        async set(key, value, options = {}) {
          const { ttlMs, ...rest } = options;
          return view.set(key, value, Number.isSafeInteger(ttlMs) && (ttlMs ?? 0) > 0 ? options : rest);
        },
      })),
  }),
  mutant("a conflict renews the time to live", "CACHE-15 CACHE-05", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (!outcome.written && item?.kind === "entry")
          shard.data.set(name, { ...item, ttlMs: write.ttlMs, expiresAtMs: shard.nowMs + (write.ttlMs ?? dayMs) });
        return outcome;
      },
    }),
  }),
  mutant("a write does not renew the time to live", "CACHE-15", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = find(shard, name);
        const leftMs = item && Number.isFinite(item.expiresAtMs) ? item.expiresAtMs - shard.nowMs : write.ttlMs;
        return set(shard, name, value, { ...write, ttlMs: write.ttlMs && leftMs });
      },
    }),
  }),
  mutant("the reader's clock ends an entry", "CACHE-16", {
    driver: ({ get }, _client, clock) => ({
      async get(name) {
        const entry = await get(name);
        const gone = entry?.ttlMs !== undefined && entry.storeNowMs + entry.ttlMs <= clock.wallMs();
        return gone ? undefined : entry;
      },
    }),
  }),
  mutant("the store's time runs backwards", "CACHE-22", {
    driver({ set }) {
      let backMs = 0;
      return {
        async set(name, value, write) {
          const outcome = await set(name, value, write);
          return { ...outcome, storeNowMs: outcome.storeNowMs - (backMs += 1) };
        },
      };
    },
  }),
  mutant("the store's time stands still", "CACHE-22", {
    driver: ({ set, get }) => ({
      set: async (name, value, write) => ({ ...(await set(name, value, write)), storeNowMs: 1 }),
      get: async (name) => get(name).then((entry) => entry && { ...entry, storeNowMs: 1 }),
    }),
  }),
  mutant("coarse times are rounded down", "CACHE-25", {
    facts: { ttlGranularityMs: 1_000 },
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (item?.kind === "entry") shard.data.set(name, { ...item, expiresAtMs: Math.floor(item.expiresAtMs / 1_000) * 1_000 });
        return outcome;
      },
    }),
  }),
  mutant("whoever reads an expired entry deletes what stands there", "CACHE-26", {
    rules: ({ get }) => ({
      get(shard, name) {
        const item = shard.data.get(name);
        if (item?.kind === "entry" && item.expiresAtMs <= shard.nowMs)
          return { value: "expired", version: "expired", ttlMs: 0, storeNowMs: shard.nowMs };
        return get(shard, name);
      },
    }),
    driver: (sound) => ({
      async get(name) {
        const entry = await sound.get(name);
        if (entry?.version !== "expired") return entry;
        await turns(20);
        await sound.delete(name, undefined);
        return undefined;
      },
    }),
  }),
  mutant("times to live overflow at 2^31 ms", "CACHE-28", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, value, { ...write, ttlMs: write.ttlMs && write.ttlMs | 0 }) }),
  }),
  mutant("a time to live above 30 days is taken for an instant", "CACHE-28", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set(shard, name, value, { ...write, ttlMs: write.ttlMs && (write.ttlMs > 30 * dayMs ? write.ttlMs - shard.nowMs : write.ttlMs) }),
    }),
  }),
  mutant("an entry without a time to live has one of 6 hours", "CACHE-29 CACHE-13", {
    driver: ({ set }) => ({ set: (name, value, write) => set(name, value, { ...write, ttlMs: write.ttlMs ?? dayMs / 4 }) }),
  }),
];

/** Broken notices of changes. */
export const watchMutants: readonly Mutant[] = [
  mutant("changes are not told", "WATCH-01", {
    rules: ({ set }) => ({ set: (shard, ...write) => set({ ...shard, publish: () => {} }, ...write) }),
  }),
  mutant("changes are told with the stored name", "WATCH-01", {
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (name) => listener(name && `${scope}${encodeURIComponent(name)}}`))) ?? (async () => {}),
    }),
  }),
  mutant("a conflict is told", "WATCH-02", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        if (!outcome.written) shard.publish(`${scopeOfName(name)}}::changes`, name);
        return outcome;
      },
    }),
  }),
  mutant("a change is told twice", "WATCH-03", {
    rules: ({ set }) => ({
      set: (shard, ...write) =>
        set({ ...shard, publish: (channel, message) => (shard.publish(channel, message), shard.publish(channel, message)) }, ...write),
    }),
  }),
  mutant("own changes are not told", "WATCH-03", {
    driver({ set, watch }) {
      const own = new Map<string, number>();
      return {
        async set(name, value, write) {
          own.set(name, (own.get(name) ?? 0) + 1);
          return set(name, value, write);
        },
        watch: async (scope, listener) =>
          (await watch?.(scope, (name) => (name !== undefined && own.has(name) ? undefined : listener(name)))) ?? (async () => {}),
      };
    },
  }),
  mutant("the last unsubscriber leaves the connection open", "WATCH-04", {
    driver: ({ watch }) => ({ watch: async (scope, listener) => (await watch?.(scope, listener), async () => {}) }),
  }),
  mutant("nobody subscribes again after a broken connection", "WATCH-05 CLUSTER-06", { habits: () => ({ resubscribes: false }) }),
  mutant("a watcher is not told that it may have missed changes", "WATCH-05", { habits: () => ({ tellsMissed: false }) }),
  mutant("garbage on the channel is told as a key", "WATCH-06", {
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (name) => listener(name && (name.startsWith(scope) ? name : `${scope}garbage}`)))) ?? (async () => {}),
    }),
  }),
  mutant("a listener that throws keeps the news from the others", "WATCH-07", {
    cache(sound) {
      const groups = new Map<string, Set<(key: string | undefined) => void>>();
      return overriding(sound, (view) => ({
        async watch(listener) {
          const id = JSON.stringify(view.path);
          const group = groups.get(id) ?? new Set();
          if (group.size === 0) {
            await view.watch?.((key) => {
              for (const each of group) each(key);
            });
          }
          groups.set(id, group.add(listener));
          return async () => void group.delete(listener);
        },
      }));
    },
  }),
  mutant("messages carry the value", "WATCH-08", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set({ ...shard, publish: (channel, message) => shard.publish(channel, `${message}=${value}`) }, name, value, write),
    }),
    driver: ({ watch }) => ({
      watch: async (scope, listener) => (await watch?.(scope, (message) => listener(message?.split("=")[0]))) ?? (async () => {}),
    }),
  }),
  mutant("deletes are not told", "WATCH-09", {
    rules: (sound) => ({ delete: (shard, ...which) => sound.delete({ ...shard, publish: () => {} }, ...which) }),
  }),
];

function reprinted(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return value;
  }
}
