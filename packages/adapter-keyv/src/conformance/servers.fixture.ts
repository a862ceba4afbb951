/** The stores that need a server. Each server is started once for all clauses. */
import KeyvEtcd from "@keyv/etcd";
import KeyvMemcache from "@keyv/memcache";
import KeyvMysql from "@keyv/mysql";
import KeyvPostgres from "@keyv/postgres";
import type { Backend, DailyPart, Facts } from "@lingpai/conformance";
import { linkedFacts, serverBackend, serverFacts } from "@lingpai/test-databases";
import type { ServerPlan } from "@lingpai/test-databases";
import { etcd, mariadb, memcached, postgres } from "@lingpai/test-servers";
import { Etcd3 } from "etcd3";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import mysql from "mysql2";
import pg from "pg";
import { keyvSource } from "./keyv-source.fixture.ts";

const silentFacts: Facts = { ...serverFacts, pushesChanges: false, pushesReleases: false };
/**
 * Times to live are rounded up to whole seconds. The server may notice an expiry up to one second
 * late.
 */
const etcdFacts: Facts = { ...silentFacts, ttlGranularityMs: 2_000 };

/**
 * Times to live are rounded up to whole seconds, plus two. The server's clock ticks once a second,
 * and later on a busy machine: an entry that was written before a tick delayed by more than a
 * second ends early. `toleranceMs` covers that. The server may evict any key at any time, fences
 * included.
 */
const memcachedFacts: Facts = {
  ...silentFacts,
  fencing: false,
  clock: "client",
  enumerable: false,
  persistence: "client",
  ttlGranularityMs: 3_000,
  maxValueBytes: 1_000_000,
  toleranceMs: 400,
};

/**
 * The few clauses that run daily to show that a store is reached. The same statements run in full
 * elsewhere.
 */
const clauses = ["CACHE-0", "LOCK-0"];
/** Uses Keyv's own adapter instead of a pool. */
const overAdapter = (pool: string): DailyPart => ({ clauses, restBy: pool });
/** The drivers are those of adapter-postgres, which runs every clause on them. */
const overPool: DailyPart = {
  clauses,
  restBy: "PostgreSQL, pg 8",
  restByAdapter: "adapter-postgres",
};

const onServer = (
  backend: string,
  start: ServerPlan["start"],
  facts: Facts,
  connect: ServerPlan["connect"],
): Backend => serverBackend({ adapter: "adapter-keyv", backend, facts, start, connect });

export const postgresServers: readonly Backend[] = [
  {
    ...onServer("PostgreSQL, pg", postgres, { ...serverFacts, ...linkedFacts }, ({ url }) => {
      const native = new pg.Pool({ connectionString: url, max: 4 });
      return keyvSource(new Keyv(), { native }, { close: () => native.end() });
    }),
    daily: overPool,
  },
  {
    ...onServer("PostgreSQL, @keyv/postgres 2", postgres, silentFacts, ({ url }) => {
      const store = new KeyvPostgres({ uri: url, max: 4 });
      const close = (): Promise<void> => idle(store);
      return keyvSource(new Keyv5({ store }), {}, { close, end: () => store.disconnect() });
    }),
    daily: overPool,
  },
];

export const mariadbServers: readonly Backend[] = [
  onServer("MariaDB, mysql2", mariadb, { ...silentFacts, ...linkedFacts }, ({ url }) => {
    const native = mysql.createPool({ uri: url, connectionLimit: 4 });
    return keyvSource(new Keyv(), { native }, { close: () => native.promise().end() });
  }),
  {
    ...onServer("MariaDB, @keyv/mysql 2", mariadb, silentFacts, ({ url }) => {
      const store = new KeyvMysql({ uri: url, connectionLimit: 4 });
      const close = (): Promise<void> => idle(store);
      return keyvSource(new Keyv({ store }), {}, { close, end: () => store.disconnect() });
    }),
    daily: overAdapter("MariaDB, mysql2"),
  },
];

export const etcdServers: readonly Backend[] = [
  onServer("etcd, etcd3", etcd, etcdFacts, ({ url }) => {
    const native = new Etcd3({ hosts: url });
    return keyvSource(new Keyv(), { native }, { close: async () => native.close() });
  }),
  {
    ...onServer("etcd, @keyv/etcd 2", etcd, etcdFacts, ({ url }) => {
      const keyv = new Keyv({ store: new KeyvEtcd(url), namespace: "shop" });
      keyv.on("error", () => {});
      return keyvSource(keyv, {}, { close: () => keyv.disconnect() });
    }),
    daily: overAdapter("etcd, etcd3"),
  },
];

export const memcachedServers: readonly Backend[] = [
  onServer("memcached, memjs", memcached, memcachedFacts, ({ url }) => {
    const { client: native } = new KeyvMemcache(url);
    const close = async (): Promise<void> => native.close();
    return keyvSource(new Keyv(), { guarantee: "advisory", native }, { close });
  }),
  {
    ...onServer("memcached, @keyv/memcache 2", memcached, memcachedFacts, ({ url }) => {
      const store = new KeyvMemcache(url);
      const close = async (): Promise<void> => store.client.close();
      return keyvSource(new Keyv5({ store }), { guarantee: "advisory" }, { close });
    }),
    daily: overAdapter("memcached, memjs"),
  },
];

/**
 * Resolves when the Keyv store has created its table. The store creates it in its constructor, and
 * reports no failure.
 */
async function idle(store: { query(sql: string): Promise<unknown> }): Promise<void> {
  await store.query("SELECT 1");
}
