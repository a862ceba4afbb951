import { mutant, overriding, turns, type Mutant } from "./mutant.ts";
import { find } from "./simulated/simulated-store.ts";

const dayMs = 86_400_000;

/** Adapters with broken times to live. */
export const ttlMutants: readonly Mutant[] = [
  mutant("times to live are ignored", "CACHE-11 CACHE-08", {
    driver: ({ set }) => ({
      set: (name, value, write) => set(name, value, { ...write, ttlMs: undefined }),
    }),
  }),
  mutant("an entry ends a millisecond early", "CACHE-11", {
    rules: ({ set }) => ({
      set: (shard, ...write) => set({ ...shard, nowMs: shard.nowMs - 1 }, ...write),
    }),
  }),
  mutant("an entry outlives its time to live", "CACHE-11", {
    rules: ({ get }) => ({ get: (shard, name) => get({ ...shard, nowMs: shard.nowMs - 5 }, name) }),
  }),
  mutant("the returned time to live does not count down", "CACHE-12", {
    rules: ({ get }) => ({
      get(shard, name) {
        const entry = get(shard, name);
        const item = find(shard, name);
        return entry && { ...entry, ttlMs: item?.kind === "entry" ? item.ttlMs : undefined };
      },
    }),
  }),
  mutant("a write without a time to live keeps the earlier expiry", "CACHE-13", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = find(shard, name);
        const leftMs =
          item?.kind === "entry" && Number.isFinite(item.expiresAtMs)
            ? item.expiresAtMs - shard.nowMs
            : undefined;
        return set(shard, name, value, { ...write, ttlMs: write.ttlMs ?? leftMs });
      },
    }),
  }),
  mutant("an invalid time to live means forever", "CACHE-14 CACHE-27", {
    cache: (sound) =>
      overriding(sound, (view) => ({
        async set(key, value, options = {}) {
          const { ttlMs, ...rest } = options;
          return view.set(
            key,
            value,
            Number.isSafeInteger(ttlMs) && (ttlMs ?? 0) > 0 ? options : rest,
          );
        },
      })),
  }),
  mutant("a conflict renews the time to live", "CACHE-15 CACHE-05", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (!outcome.written && item?.kind === "entry")
          shard.data.set(name, {
            ...item,
            ttlMs: write.ttlMs,
            expiresAtMs: shard.nowMs + (write.ttlMs ?? dayMs),
          });
        return outcome;
      },
    }),
  }),
  mutant("a write does not renew the time to live", "CACHE-15", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const item = find(shard, name);
        const leftMs =
          item && Number.isFinite(item.expiresAtMs) ? item.expiresAtMs - shard.nowMs : write.ttlMs;
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
  mutant("times to live are rounded down to whole seconds", "CACHE-25", {
    facts: { ttlGranularityMs: 1_000 },
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        const item = find(shard, name);
        if (item?.kind === "entry")
          shard.data.set(name, {
            ...item,
            expiresAtMs: Math.floor(item.expiresAtMs / 1_000) * 1_000,
          });
        return outcome;
      },
    }),
  }),
  mutant("the reader of an expired entry deletes the key, even after a new write", "CACHE-26", {
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
    driver: ({ set }) => ({
      set: (name, value, write) =>
        set(name, value, { ...write, ttlMs: write.ttlMs && write.ttlMs | 0 }),
    }),
  }),
  mutant("a time to live above 30 days is read as an instant", "CACHE-28", {
    rules: ({ set }) => ({
      set: (shard, name, value, write) =>
        set(shard, name, value, {
          ...write,
          ttlMs:
            write.ttlMs && (write.ttlMs > 30 * dayMs ? write.ttlMs - shard.nowMs : write.ttlMs),
        }),
    }),
  }),
  mutant("an entry without a time to live expires after 6 hours", "CACHE-29 CACHE-13", {
    driver: ({ set }) => ({
      set: (name, value, write) => set(name, value, { ...write, ttlMs: write.ttlMs ?? dayMs / 4 }),
    }),
  }),
];
