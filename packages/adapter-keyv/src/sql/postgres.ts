/** PostgreSQL, through a `pg` pool or `@keyv/postgres`. */
import { postgresDrivers, postgresQueryDrivers } from "@lingpai/sql";
import type { PostgresPool, PostgresQueries } from "@lingpai/sql";
import { dialectOf, has } from "../store/shape.ts";
import type { StoreFamily } from "../store/store.ts";

const kind = "postgres";
const facts = { scope: "cluster", fencing: true, clock: "server" } as const;

export const postgres: StoreFamily = {
  ofClient(client, settings) {
    if (
      !has<PostgresPool>(client, "connect", "listenerCount") ||
      typeof client.totalCount !== "number"
    )
      return undefined;
    return { kind, facts, ...postgresDrivers(client, settings) };
  },
  /**
   * The pool of `@keyv/postgres` 2 is not reachable: the store works, but announces no changes.
   * Version 6 hides its queries too.
   */
  ofAdapter(adapter, settings) {
    if (dialectOf(adapter) !== "postgres" || !has<PostgresQueries>(adapter, "query"))
      return undefined;
    return { kind, facts, ...postgresQueryDrivers(adapter, settings) };
  },
};
