/** The stores that need no server: a Map under Keyv 5 and 6, and SQLite files. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import KeyvSqlite from "@keyv/sqlite";
import { inProcess } from "@lingpai/conformance";
import type { Backend, Client, Facts, Fixture } from "@lingpai/conformance";
import { manualClock } from "@lingpai/core/testing";
import type { Clock } from "@lingpai/core";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import { keyvCache, keyvLock } from "../index.ts";
import type { KeyvLike } from "../index.ts";
import { open } from "./real-time.fixture.ts";
import type { Source } from "./real-time.fixture.ts";

const fileFacts: Facts = {
  ...inProcess,
  pushesChanges: false,
  pushesReleases: false,
  persistence: "client",
  sharedBetweenProcesses: true,
  toleranceMs: 200,
};

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

/** What the disk does meanwhile is not what is tested. */
const unsynced = "PRAGMA synchronous = OFF";

/** On the machine's clock, and so as slow as what they wait for. */
export const onFiles: readonly Backend[] = [
  onFile("SQLite, node:sqlite", (file) => {
    const native = new DatabaseSync(file);
    native.exec(unsynced);
    return { keyv: new Keyv5(), options: { native }, close: async () => native.close() };
  }),
  {
    ...onFile("SQLite, @keyv/sqlite 6", (file) => {
      const keyv = new Keyv({ store: new KeyvSqlite(`sqlite://${file}`) });
      return { keyv, options: {}, close: () => keyv.disconnect() };
    }),
    // The same statements, on a connection of ours to its file.
    daily: { clauses: ["CACHE-0", "LOCK-0"], restBy: "SQLite, node:sqlite" },
  },
];

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

function onFile(backend: string, source: (file: string) => Source | Promise<Source>): Backend {
  return {
    adapter: "adapter-keyv",
    backend,
    facts: fileFacts,
    async start() {
      const directory = await mkdtemp(join(tmpdir(), "lingpai-sqlite-"));
      let files = 0;
      return {
        async open() {
          files += 1;
          const file = join(directory, `${files}.db`);
          return open(() => source(file));
        },
        stop: () => rm(directory, { recursive: true, force: true }),
      };
    },
  };
}
