/** MySQL and MariaDB, through a mysql2 pool or `@keyv/mysql`. */
import { tracedAmong } from "@lingpai/redis";
import { mysqlDrivers, mysqlQueryDrivers } from "@lingpai/sql";
import type { MysqlPool, MysqlQueries, SqlDrivers } from "@lingpai/sql";
import { dialectOf, has, isObject } from "../store/shape.ts";
import type { AtomicStore, StoreFamily } from "../store/store.ts";

export const mysql: StoreFamily = {
  ofClient: (client, settings) =>
    has<MysqlPool>(client, "getConnection")
      ? storeOf(mysqlDrivers(client, settings), printsPackets(client))
      : undefined,
  ofAdapter: (adapter, settings) =>
    dialectOf(adapter) === "mysql" && has<MysqlQueries>(adapter, "query")
      ? storeOf(mysqlQueryDrivers(adapter, settings), false)
      : undefined,
};

function storeOf({ cache, lock }: SqlDrivers, prints: boolean): AtomicStore {
  return {
    kind: "mysql",
    facts: { scope: "cluster", fencing: true, clock: "server" },
    cache: {
      ...cache,
      // mysql2 publishes whole statements, and prints packets with its option `debug` (seen in
      // 3.24, 2026-11).
      tracedOn: () => [
        ...tracedAmong(["mysql2:query", "mysql2:execute"]),
        ...(prints ? ["mysql2's debug output"] : []),
      ],
    },
    lock,
  };
}

/** Tells whether a pool, or its `promise()`, has the option `debug`. */
function printsPackets(client: unknown): boolean {
  if (!isObject(client)) return false;
  const { config, pool } = client;
  if (!isObject(config)) return printsPackets(pool);
  return isObject(config["connectionConfig"]) && Boolean(config["connectionConfig"]["debug"]);
}
