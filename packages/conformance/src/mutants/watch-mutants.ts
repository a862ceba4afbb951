import type { Unsubscribe } from "@lingpai/core";
import { mutant, overriding, turns, type Mutant } from "./mutant.ts";
import { scopeOfName } from "./simulated/simulated-store.ts";

/** Adapters with broken notifications of changes. */
export const watchMutants: readonly Mutant[] = [
  mutant("watchers are not notified of changes", "WATCH-01", {
    rules: ({ set }) => ({
      set: (shard, ...write) => set({ ...shard, publish: () => {} }, ...write),
    }),
  }),
  mutant("notifications carry the stored name", "WATCH-01", {
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (name) =>
          listener(name && `${scope}${encodeURIComponent(name)}}`),
        )) ?? (async () => {}),
    }),
  }),
  mutant("watchers are notified of a conflict", "WATCH-02", {
    rules: ({ set }) => ({
      set(shard, name, value, write) {
        const outcome = set(shard, name, value, write);
        if (!outcome.written) shard.publish(`${scopeOfName(name)}}::changes`, name);
        return outcome;
      },
    }),
  }),
  mutant("watchers are notified of a change twice", "WATCH-03", {
    rules: ({ set }) => ({
      set: (shard, ...write) =>
        set(
          {
            ...shard,
            publish: (channel, message) => (
              shard.publish(channel, message),
              shard.publish(channel, message)
            ),
          },
          ...write,
        ),
    }),
  }),
  mutant("a client is not notified of its own changes", "WATCH-03", {
    driver({ set, watch }) {
      const own = new Map<string, number>();
      return {
        async set(name, value, write) {
          own.set(name, (own.get(name) ?? 0) + 1);
          return set(name, value, write);
        },
        watch: async (scope, listener) =>
          (await watch?.(scope, (name) =>
            name !== undefined && own.has(name) ? undefined : listener(name),
          )) ?? (async () => {}),
      };
    },
  }),
  mutant("the connection stays open after the last unsubscription", "WATCH-04", {
    driver: ({ watch }) => ({
      watch: async (scope, listener) => (await watch?.(scope, listener), async () => {}),
    }),
  }),
  mutant("an unsubscription also ends the subscription that follows at once", "WATCH-10", {
    driver({ watch }) {
      const held = new Map<string, Set<Unsubscribe>>();
      return {
        async watch(scope, listener) {
          const leave = (await watch?.(scope, listener)) ?? (async () => {});
          const all = held.get(scope) ?? new Set();
          held.set(scope, all.add(leave));
          return async () => {
            all.delete(leave);
            await leave();
            if (all.size === 0)
              void turns(20).then(() => Promise.all([...all].map((end) => end())));
          };
        },
      };
    },
  }),
  mutant("a client does not subscribe again after its connection broke", "WATCH-05 CLUSTER-06", {
    habits: () => ({ resubscribes: false }),
  }),
  mutant("a watcher is not told to read again after its connection broke", "WATCH-05", {
    habits: () => ({ tellsMissed: false }),
  }),
  mutant("garbage on the channel is delivered as a key", "WATCH-06", {
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (name) =>
          listener(name && (name.startsWith(scope) ? name : `${scope}garbage}`)),
        )) ?? (async () => {}),
    }),
  }),
  mutant("a listener that throws stops the other listeners", "WATCH-07", {
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
        set(
          {
            ...shard,
            publish: (channel, message) => shard.publish(channel, `${message}=${value}`),
          },
          name,
          value,
          write,
        ),
    }),
    driver: ({ watch }) => ({
      watch: async (scope, listener) =>
        (await watch?.(scope, (message) => listener(message?.split("=")[0]))) ?? (async () => {}),
    }),
  }),
  mutant("watchers are not notified of deletes", "WATCH-09", {
    rules: (sound) => ({
      delete: (shard, ...which) => sound.delete({ ...shard, publish: () => {} }, ...which),
    }),
  }),
];
