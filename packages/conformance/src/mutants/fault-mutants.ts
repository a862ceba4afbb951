import { CacheUnavailableError } from "@lingpai/core";
import type { CacheDriver } from "@lingpai/core/driver";
import { excusing, hasCode, mutant, type Mutant } from "./mutant.ts";
import type { DriverShape } from "./simulated/simulated-client.ts";

/** Adapters that handle a server wrongly which is down, silent, or refuses. */
export const faultMutants: readonly Mutant[] = [
  mutant("a call waits without a deadline until the server is back", "FAULT-01", {
    habits: () => ({ deadlineMs: 10_000 }),
    driver: ({ get }, client) => ({ get: (name) => untilBack(client, () => get(name)) }),
  }),
  mutant("a call waits without a deadline for a silent server", "FAULT-02 FAULT-10", {
    habits: () => ({ deadlineMs: 10_000, abandonsSilent: false }),
  }),
  mutant("a client never reconnects after its connection broke", "FAULT-03", {
    driver: deadAfterBreak,
  }),
  mutant("a write whose reply was lost is sent again as a new write", "FAULT-04 FAULT-05", {
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
  mutant("a script that the server has forgotten is not sent again", "FAULT-06", {
    habits: () => ({ resendsScripts: false }),
  }),
  mutant("every refusal becomes the same error", "FAULT-07", {
    habits: () => ({
      explain: () => new CacheUnavailableError("The server refused.", { reason: "other" }),
    }),
  }),
  mutant("an error is reported as a miss", "FAULT-08 FAULT-01 CLUSTER-04", {
    driver: ({ get }) => ({
      get: (name) => excusing("CACHE_UNAVAILABLE", undefined, () => get(name)),
    }),
  }),
  mutant("an error is reported as a held lock", "FAULT-08", {
    lockDriver: ({ tryAcquire }) => ({
      tryAcquire: (...asked) =>
        excusing("CACHE_UNAVAILABLE", { acquired: false, remainingMs: 1_000 }, () =>
          tryAcquire(...asked),
        ),
    }),
  }),
  mutant("an error is reported as a release", "FAULT-08", {
    lockDriver: ({ release }) => ({
      release: (...asked) => excusing("CACHE_UNAVAILABLE", true, () => release(...asked)),
    }),
  }),
  mutant("the error does not name the forbidden command", "FAULT-09", {
    habits: () => ({
      explain: (answer) =>
        new CacheUnavailableError("The server refused.", {
          reason: answer.startsWith("NOPERM") ? "forbidden" : "other",
          retryable: false,
        }),
    }),
  }),
  mutant("an error shows the command that was sent", "FAULT-11", {
    habits: ({ explain }) => ({
      explain: (answer, sent) => Object.assign(explain(answer, sent), { command: ["SET", sent] }),
    }),
  }),
  mutant("each reconnection adds a listener", "FAULT-12 FAULT-15", {
    habits: () => ({ onBreak: (client) => client.leaks.push("listener") }),
  }),
  mutant("a broken connection emits an error event without a listener", "FAULT-13", {
    habits: () => ({
      onBreak: () =>
        queueMicrotask(() => {
          throw new Error("an error event without a listener");
        }),
    }),
  }),
  mutant("calls are refused until the client has connected", "FAULT-14", {
    habits: () => ({ waitsForConnection: false }),
  }),
  mutant("a restart of the server loses the entries", "FAULT-16", {
    restartLoses: ({ kind }) => kind === "entry",
  }),
  mutant("a restart of the server loses the leases", "FAULT-16", {
    restartLoses: ({ kind }) => kind === "lease",
  }),
  mutant("a client deletes its entries when it closes", "FAULT-17", { driver: takesEntriesAlong }),
];

/** Adapters that handle a Cluster of several primaries wrongly. */
export const clusterMutants: readonly Mutant[] = [
  mutant("lock and fence have a different hash tag than the entry", "CLUSTER-01", {
    layout: {
      lock: (name) => `${name.replace("{", "{lock-")}`,
      fence: (name) => `${name.replace("{", "{lock-")}::fence`,
    },
  }),
  mutant("lock and fence are in different slots", "CLUSTER-02", {
    layout: { fence: (name) => `${name.replace("{", "{fence-")}` },
  }),
  mutant("clear() and keys() visit only one primary", "CLUSTER-02", {
    habits: () => ({ scans: () => [0] }),
  }),
  mutant("a moved slot causes an error", "CLUSTER-03", { habits: () => ({ followsMoves: false }) }),
  mutant("replicas serve reads", "CLUSTER-05", { habits: () => ({ readsFromReplica: true }) }),
  mutant("the adapter checks the client's class", "CLUSTER-07", { asksForClass: true }),
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
