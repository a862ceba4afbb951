/** The stores that are servers, each started once for all clauses. */
import KeyvEtcd from "@keyv/etcd";
import KeyvMemcache from "@keyv/memcache";
import KeyvMysql from "@keyv/mysql";
import KeyvPostgres from "@keyv/postgres";
import { inProcess } from "@lingpai/conformance";
import type {
  Backend,
  ConnectOptions,
  DailyPart,
  Facts,
  Fixture,
  LinkedClient,
} from "@lingpai/conformance";
import { etcd, mariadb, memcached, openLink, postgres } from "@lingpai/test-servers";
import type { Database } from "@lingpai/test-servers";
import { systemClock } from "@lingpai/core";
import { Etcd3 } from "etcd3";
import Keyv from "keyv";
import Keyv5 from "keyv5";
import mysql from "mysql2";
import pg from "pg";
import { client, open } from "./real-time.fixture.ts";
import type { Source } from "./real-time.fixture.ts";

const serverFacts: Facts = {
  ...inProcess,
  persistence: "server",
  sharedBetweenProcesses: true,
  toleranceMs: 200,
};
const silentFacts: Facts = { ...serverFacts, pushesChanges: false, pushesReleases: false };
/** Over a pool of one's own, whose connections can be broken, and whose server can be restarted. */
const linkedFacts = { linked: true, restartable: true } as const;
/** Rounded up to whole seconds, and up to one more until the server has noticed. */
const etcdFacts: Facts = { ...silentFacts, ttlGranularityMs: 2_000 };

/**
 * Rounded up to whole seconds, and one more. Its clock ticks once a second, on a busy machine a
 * tenth late, and what was written before a late tick ends that much early, which `toleranceMs`
 * covers. Whatever is stored may go at any time, the fences too.
 */
const memcachedFacts: Facts = {
  ...silentFacts,
  fencing: false,
  clock: "client",
  enumerable: false,
  persistence: "client",
  ttlGranularityMs: 2_000,
  maxValueBytes: 1_000_000,
  toleranceMs: 400,
};

/** The same statements as over a pool, sent by way of Keyv's own adapter. */
const overAdapter = (pool: string): DailyPart => ({ clauses: ["CACHE-0", "LOCK-0"], restBy: pool });

export const postgresServers: readonly Backend[] = [
  onServer("PostgreSQL, pg", postgres, { ...serverFacts, ...linkedFacts }, ({ url }) => {
    const native = new pg.Pool({ connectionString: url, max: 4 });
    return { keyv: new Keyv(), options: { native }, close: () => native.end() };
  }),
  {
    ...onServer("PostgreSQL, @keyv/postgres 2", postgres, silentFacts, ({ url }) => {
      const store = new KeyvPostgres({ uri: url, max: 4 });
      return {
        keyv: new Keyv5({ store }),
        options: {},
        close: () => idle(store),
        end: () => store.disconnect(),
      };
    }),
    daily: overAdapter("PostgreSQL, pg"),
  },
];

export const mariadbServers: readonly Backend[] = [
  onServer("MariaDB, mysql2", mariadb, { ...silentFacts, ...linkedFacts }, ({ url }) => {
    const native = mysql.createPool({ uri: url, connectionLimit: 4 });
    return { keyv: new Keyv(), options: { native }, close: () => native.promise().end() };
  }),
  {
    ...onServer("MariaDB, @keyv/mysql 2", mariadb, silentFacts, ({ url }) => {
      const store = new KeyvMysql({ uri: url, connectionLimit: 4 });
      return {
        keyv: new Keyv({ store }),
        options: {},
        close: () => idle(store),
        end: () => store.disconnect(),
      };
    }),
    daily: overAdapter("MariaDB, mysql2"),
  },
];

export const etcdServers: readonly Backend[] = [
  onServer("etcd, etcd3", etcd, etcdFacts, ({ url }) => {
    const native = new Etcd3({ hosts: url });
    return { keyv: new Keyv(), options: { native }, close: async () => native.close() };
  }),
  {
    ...onServer("etcd, @keyv/etcd 2", etcd, etcdFacts, ({ url }) => {
      const keyv = new Keyv({ store: new KeyvEtcd(url), namespace: "shop" });
      keyv.on("error", () => {});
      return { keyv, options: {}, close: () => keyv.disconnect() };
    }),
    daily: overAdapter("etcd, etcd3"),
  },
];

export const memcachedServers: readonly Backend[] = [
  onServer("memcached, memjs", memcached, memcachedFacts, ({ url }) => {
    const { client: native } = new KeyvMemcache(url);
    return {
      keyv: new Keyv(),
      options: { guarantee: "advisory", native },
      close: async () => native.close(),
    };
  }),
  {
    ...onServer("memcached, @keyv/memcache 2", memcached, memcachedFacts, ({ url }) => {
      const store = new KeyvMemcache(url);
      return {
        keyv: new Keyv5({ store }),
        options: { guarantee: "advisory" },
        close: async () => store.client.close(),
      };
    }),
    daily: overAdapter("memcached, memjs"),
  },
];

function onServer(
  backend: string,
  start: () => Promise<Database>,
  facts: Facts,
  connect: (server: Pick<Database, "url">) => Source,
): Backend {
  return {
    adapter: "adapter-keyv",
    backend,
    facts,
    async start() {
      const server = await start();
      let end = async (): Promise<void> => {};
      const source = (): Source => {
        const made = connect(server);
        if (made.end !== undefined) end = made.end;
        return made;
      };
      const controls: Partial<Fixture> = {
        ...(facts.linked && { connect: (options) => linked(server, connect, options) }),
        ...(facts.restartable && { server: { restart: () => server.restart() } }),
      };
      return {
        open: async () => ({ ...(await open(source)), ...controls }),
        stop: async () => {
          await end();
          await server.stop();
        },
      };
    },
  };
}

/**
 * Resolves when the store has made its table, which it does unasked and without anybody to hear of
 * a failure.
 */
async function idle(store: { query(sql: string): Promise<unknown> }): Promise<void> {
  await store.query("SELECT 1");
}

/** The default of a user. */
const linkedDeadlineMs = 500;

async function linked(
  server: Database,
  connect: (server: Pick<Database, "url">) => Source,
  { initially, deadlineMs = linkedDeadlineMs }: ConnectOptions = {},
): Promise<LinkedClient> {
  const link = await openLink(server, "chunks");
  if (initially === "down") await link.cut();
  const source = connect({ url: server.url.replace(`:${server.port}`, `:${link.port}`) });
  // A connection that was stranded never ends by itself, so the link ends before the client that
  // waits for it, and may then complain.
  const disconnect = (): Promise<void> => link.close().then(() => source.close().catch(() => {}));
  const own = client(
    { ...source, options: { ...source.options, deadlineMs } },
    systemClock,
    disconnect,
  );
  return { ...own, deadlineMs, link, census: async () => ({ connections: link.connections() }) };
}
