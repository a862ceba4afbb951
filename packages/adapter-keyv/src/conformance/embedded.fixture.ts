/** The stores that need no server: a Map under Keyv 5 and 6, and SQLite files. */
import { DatabaseSync } from "node:sqlite";
import KeyvSqlite from "@keyv/sqlite";
import { inProcess } from "@lingpai/conformance";
import type { Backend, Client, DailyPart, Fixture } from "@lingpai/conformance";
import { manualClock } from "@lingpai/core/testing";
import type { Clock } from "@lingpai/core";
import { fileBackend } from "@lingpai/test-databases";
import BetterSqlite from "better-sqlite3";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import { keyvCache, keyvLock } from "../index.ts";
import type { KeyvLike } from "../index.ts";
import { keyvSource } from "./keyv-source.fixture.ts";

export const inProcessBackends: readonly Backend[] = [
  {
    adapter: "adapter-keyv",
    backend: "Map, Keyv 6",
    facts: inProcess,
    start: async () => ({ open: async () => inMap(new Keyv()), stop: async () => {} }),
  },
  {
    adapter: "adapter-keyv",
    backend: "Map, Keyv 5",
    facts: inProcess,
    start: async () => ({ open: async () => inMap(new Keyv5()), stop: async () => {} }),
  },
];

/** Syncing to disk is switched off: the tests are not about the disk. */
const unsynced = "PRAGMA synchronous = OFF";

/** The drivers are those of adapter-sqlite, which runs every clause on them. */
const daily: DailyPart = {
  clauses: ["CACHE-0", "LOCK-0"],
  restBy: "node:sqlite",
  restByAdapter: "adapter-sqlite",
};

/** These stores run on the machine's clock, so their tests wait in real time. */
export const onFiles: readonly Backend[] = [
  fileBackend("adapter-keyv", "SQLite, node:sqlite", (file) => {
    const native = new DatabaseSync(file);
    native.exec(unsynced);
    return keyvSource(new Keyv5(), { native }, { close: async () => native.close() });
  }),
  fileBackend("adapter-keyv", "SQLite, better-sqlite3", (file) => {
    const native = new BetterSqlite(file);
    native.exec(unsynced);
    return keyvSource(new Keyv(), { native }, { close: async () => void native.close() });
  }),
  fileBackend("adapter-keyv", "SQLite, @keyv/sqlite 6", (file) => {
    const keyv = new Keyv({ store: new KeyvSqlite(`sqlite://${file}`) });
    return keyvSource(keyv, {}, { close: () => keyv.disconnect() });
  }),
].map((backend) => ({ ...backend, daily }));

function inMap(keyv: KeyvLike): Fixture {
  const clock = manualClock();
  const client = (own: Clock): Client => {
    const cache = keyvCache(keyv, { clock: own });
    return {
      cache,
      lock: keyvLock(keyv, { clock: own, scope: "process" }),
      close: () => cache.close(),
    };
  };
  return {
    ...client(clock),
    clock,
    async elapse(ms) {
      await clock.advance(ms);
      await clock.settle();
    },
    second: async ({ clockShiftMs = 0 } = {}) =>
      client({ ...clock, wallMs: () => clock.wallMs() + clockShiftMs }),
    again: async () => client(clock),
  };
}
