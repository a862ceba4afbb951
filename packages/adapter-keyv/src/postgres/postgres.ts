/**
 * PostgreSQL 9.5 or newer, with a `pg` pool that leads to the primary. Two tables of ours are made
 * in the first schema of the search path; a user who may not create tables needs somebody to have
 * made them, and SELECT, INSERT, UPDATE, DELETE on both.
 *
 * Changes and releases are told by NOTIFY in the statement that writes. Listening takes one of the
 * pool's connections, for as long as any cache is watched or any lock waited for.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { onBorrowed, patienceMs, within } from "../sql/borrowed.ts";
import type { Borrowing, Patience } from "../sql/borrowed.ts";
import { codeOf, refusal } from "../store/failure.ts";
import { changesChannel, createListener } from "./postgres-listener.ts";
import type { PostgresConnection, PostgresListener, PostgresPool } from "./postgres-listener.ts";
import { dialectOf, has } from "../store/shape.ts";
import { sqlEntries } from "../sql/sql-entries.ts";
import { sqlLocks } from "../sql/sql-locks.ts";
import type { Row, SqlStore, SqlValue } from "../sql/sql.ts";
import type { AtomicStore, StoreFamily } from "../store/store.ts";
import { entriesTable, locksTable, once, purge } from "../sql/tables.ts";

/**
 * The store of `@keyv/postgres` 2, whose pool is out of reach: it works, without telling of
 * changes. That of 6 hides its queries too.
 */
interface PostgresQueries {
  query(statement: string, values?: readonly SqlValue[]): Promise<unknown>;
}

export const postgres: StoreFamily = {
  ofClient(client, settings) {
    if (
      !has<PostgresPool>(client, "connect", "listenerCount") ||
      typeof client.totalCount !== "number"
    )
      return undefined;
    const ignore = (): void => {};
    // Without a listener, the loss of a connection that nobody uses would end the process; whoever
    // uses one is told anyway.
    if (client.listenerCount("error") === 0) client.on("error", ignore);
    const borrowing: Borrowing<PostgresConnection> = {
      async borrow() {
        const connection = await client.connect();
        // Whoever uses it is told by the query; without a listener the process would end as well.
        connection.on("error", ignore);
        return connection;
      },
      giveBack(connection, isDead) {
        connection.release(isDead);
        connection.off("error", ignore);
      },
    };
    const rows: Query = (statement, values, patience = "short") =>
      onBorrowed(
        borrowing,
        settings,
        patience,
        async (connection) => (await connection.query(statement, values)).rows,
      );
    return postgresStore(rows, () => createListener(client, settings.clock));
  },
  ofAdapter(adapter, settings) {
    if (dialectOf(adapter) !== "postgres" || !has<PostgresQueries>(adapter, "query"))
      return undefined;
    const rows: Query = async (statement, values, patience = "short") =>
      (await within(
        settings.clock,
        patienceMs(settings, patience),
        adapter.query(statement, values),
      )) as readonly Row[];
    return postgresStore(rows, undefined);
  },
};

type Query = (
  statement: string,
  values?: readonly SqlValue[],
  patience?: Patience,
) => Promise<readonly Row[]>;

const nowMs = "floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/**
 * In one transaction, and one process at a time: two that create a table at once would collide in
 * the catalogue.
 */
const createTables = `SELECT pg_advisory_xact_lock(hashtext('${entriesTable}'));
  CREATE TABLE IF NOT EXISTS ${entriesTable} (id text PRIMARY KEY, scope text NOT NULL, name text NOT NULL, value bytea NOT NULL,
    version text NOT NULL, expires_at bigint);
  CREATE INDEX IF NOT EXISTS ${entriesTable}_scope ON ${entriesTable} (scope, id);
  CREATE TABLE IF NOT EXISTS ${locksTable} (id text PRIMARY KEY, name text NOT NULL, owner text, fence bigint NOT NULL, expires_at bigint NOT NULL)`;

async function prepare(query: Query): Promise<void> {
  const [tables] = await query(
    `SELECT to_regclass('${entriesTable}') IS NOT NULL AND to_regclass('${locksTable}') IS NOT NULL AS present`,
  );
  if (tables?.["present"] !== true) await query(createTables);
  // Nobody waits for it; what it could not remove, whoever starts next does.
  purge(nowMs, (statement) => query(statement, [], "long")).catch(() => {});
}

function postgresStore(query: Query, listen: (() => PostgresListener) | undefined): AtomicStore {
  const prepared = once(() => prepare(query));
  const sql: SqlStore = {
    kind: "postgres",
    nowMs,
    greatest: "greatest",
    run: async (statement, values, patience) => {
      try {
        await prepared();
        return await query(statement, values, patience);
      } catch (error) {
        throw refusal("postgres", error, reasonOf(error)) ?? error;
      }
    },
    toColumn: (value) => Buffer.from(value),
    readableValue: "value",
    fromColumn: (column) => (column as Buffer).toString(),
    told: (statement, name) => notifying(statement, "e", name),
    toldOfRelease: (statement, name) => notifying(statement, "l", name),
  };
  const facts = { scope: "cluster", fencing: true, clock: "server" } as const;
  const cache = { ...sqlEntries(sql), close: async () => {} };
  const lock = sqlLocks(sql);
  if (listen === undefined) return { kind: "postgres", facts, cache, lock };
  const listener = listen();
  return {
    kind: "postgres",
    facts,
    cache: { ...cache, watch: (scope, watcher) => listener.watch(scope, watcher) },
    lock: { ...lock, onRelease: (name, waiter) => listener.onRelease(name, waiter) },
  };
}

/**
 * A payload ends below 8000 bytes; of a longer name only its kind is told, which means that
 * everything is to be read again.
 */
function notifying(statement: string, kind: "e" | "l", name: string): string {
  return `WITH done AS (${statement}) SELECT done.*,
    pg_notify('${changesChannel}', CASE WHEN length(${name}) < 7900 THEN '${kind}' || ${name} ELSE '${kind}' END) FROM done`;
}

const reasons: ReadonlyMap<string, CacheUnavailableReason> = new Map<
  string,
  CacheUnavailableReason
>([
  ["25006", "readonly"],
  ["40001", "timeout"],
  ["40P01", "timeout"],
  ["42501", "forbidden"],
  ["53100", "out-of-memory"],
  ["53200", "out-of-memory"],
  ["57014", "timeout"],
  ["57P01", "disconnected"],
  ["57P02", "disconnected"],
  ["57P03", "loading"],
]);

/** Two whole classes of SQLSTATE mean one thing: 08, the connection; 28, who may connect. */
function reasonOf(error: unknown): ReadonlyMap<string, CacheUnavailableReason> {
  const code = codeOf(error);
  if (/^08\w{3}$/.test(code)) return new Map([[code, "disconnected"]]);
  if (/^28\w{3}$/.test(code)) return new Map([[code, "unauthorized"]]);
  return reasons;
}
