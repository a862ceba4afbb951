import { CacheUnavailableError } from "@lingpai/core";
import type { CacheDriver } from "@lingpai/core/driver";
import { excusing, hasCode, mutant, type Mutant } from "./mutant.ts";
import type { DriverShape } from "./simulated/simulated-client.ts";

/** Broken dealing with a server that is away, silent, or refuses. */
export const faultMutants: readonly Mutant[] = [
  mutant("a call waits until the server is back", "FAULT-01", {
    habits: () => ({ deadlineMs: 10_000 }),
    driver: ({ get }, client) => ({ get: (name) => untilBack(client, () => get(name)) }),
  }),
  mutant("a silent server is waited for", "FAULT-02 FAULT-10", {
    habits: () => ({ deadlineMs: 10_000, abandonsSilent: false }),
  }),
  mutant("a client whose connection broke once is dead", "FAULT-03", { driver: deadAfterBreak }),
  mutant("a write whose answer was lost is sent again as another write", "FAULT-04 FAULT-05", {
    driver: ({ set }) => ({
      async set(name, value, write) {
        try {
          return await set(name, value, write);
        } catch (error) {
          if (!hasCode(error, "CACHE_UNAVAILABLE")) throw error;
          return set(name, value, { ...write, version: `${write.version}-again` });
        }
      },
    }),
  }),
  mutant("a script that the server has forgotten is an error", "FAULT-06", {
    habits: () => ({ resendsScripts: false }),
  }),
  mutant("every refusal is one error", "FAULT-07", {
    habits: () => ({
      explain: () => new CacheUnavailableError("The server refused.", { reason: "other" }),
    }),
  }),
  mutant("an error is a miss", "FAULT-08 FAULT-01 CLUSTER-04", {
    driver: ({ get }) => ({
      get: (name) => excusing("CACHE_UNAVAILABLE", undefined, () => get(name)),
    }),
  }),
  mutant("an error is a lock that is held", "FAULT-08", {
    lockDriver: ({ tryAcquire }) => ({
      tryAcquire: (...asked) =>
        excusing("CACHE_UNAVAILABLE", { acquired: false, remainingMs: 1_000 }, () =>
          tryAcquire(...asked),
        ),
    }),
  }),
  mutant("an error is a release", "FAULT-08", {
    lockDriver: ({ release }) => ({
      release: (...asked) => excusing("CACHE_UNAVAILABLE", true, () => release(...asked)),
    }),
  }),
  mutant("a forbidden command is not named", "FAULT-09", {
    habits: () => ({
      explain: (answer) =>
        new CacheUnavailableError("The server refused.", {
          reason: answer.startsWith("NOPERM") ? "forbidden" : "other",
          retryable: false,
        }),
    }),
  }),
  mutant("an error shows what was sent", "FAULT-11", {
    habits: ({ explain }) => ({
      explain: (answer, sent) => Object.assign(explain(answer, sent), { command: ["SET", sent] }),
    }),
  }),
  mutant("each reconnection adds a listener", "FAULT-12 FAULT-15", {
    habits: () => ({ onBreak: (client) => client.leaks.push("listener") }),
  }),
  mutant("a broken connection emits an error to nobody", "FAULT-13", {
    habits: () => ({
      onBreak: () =>
        queueMicrotask(() => {
          throw new Error("an error event without a listener");
        }),
    }),
  }),
  mutant("calls before the connection stands are refused", "FAULT-14", {
    habits: () => ({ waitsForConnection: false }),
  }),
  mutant("a restart of the server loses the entries", "FAULT-16", {
    restartLoses: ({ kind }) => kind === "entry",
  }),
  mutant("a restart of the server loses the leases", "FAULT-16", {
    restartLoses: ({ kind }) => kind === "lease",
  }),
  mutant("a client takes its entries with it", "FAULT-17", { driver: takesEntriesAlong }),
];

/** Broken dealing with names on several primaries. */
export const clusterMutants: readonly Mutant[] = [
  mutant("lock and fence have a hash tag of their own", "CLUSTER-01", {
    layout: {
      lock: (name) => `${name.replace("{", "{lock-")}`,
      fence: (name) => `${name.replace("{", "{lock-")}::fence`,
    },
  }),
  mutant("lock and fence are in different slots", "CLUSTER-02", {
    layout: { fence: (name) => `${name.replace("{", "{fence-")}` },
  }),
  mutant("clear() and keys() visit one primary", "CLUSTER-02", {
    habits: () => ({ scans: () => [0] }),
  }),
  mutant("a moved slot is an error", "CLUSTER-03", { habits: () => ({ followsMoves: false }) }),
  mutant("replicas serve reads", "CLUSTER-05", { habits: () => ({ readsFromReplica: true }) }),
  mutant("the client's class is asked for", "CLUSTER-07", { asksForClass: true }),
];

async function untilBack<T>(client: DriverShape, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!hasCode(error, "CACHE_UNAVAILABLE")) throw error;
      await new Promise<void>((resolve) => client.clock.setTimer(20, resolve));
    }
  }
}

function deadAfterBreak({ get, set }: CacheDriver, client: DriverShape): Partial<CacheDriver> {
  let isDead = false;
  client.link.onBreak(() => {
    isDead = true;
  });
  const alive = <T>(call: () => Promise<T>): Promise<T> =>
    isDead
      ? Promise.reject(
          new CacheUnavailableError("The connection is closed.", { reason: "disconnected" }),
        )
      : call();
  return {
    get: (name) => alive(() => get(name)),
    set: (name, value, write) => alive(() => set(name, value, write)),
  };
}

function takesEntriesAlong(sound: CacheDriver): Partial<CacheDriver> {
  const own = new Set<string>();
  return {
    async set(name, value, write) {
      own.add(name);
      return sound.set(name, value, write);
    },
    async close() {
      for (const name of own) await sound.delete(name, undefined);
    },
  };
}
