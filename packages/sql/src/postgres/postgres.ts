/**
 * PostgreSQL 9.5 or newer, with a `pg` pool that leads to the primary. Two tables of Lingpai's own
 * are created in the first schema of the search path. A user without the right to create them needs
 * them created, and SELECT, INSERT, UPDATE, DELETE on both.
 *
 * NOTIFY announces changes and releases in the statement that writes. Listening uses one of the
 * pool's connections while any cache is watched or any lock is waited for.
 */
import type { CacheUnavailableReason } from "@lingpai/core";
import { onBorrowed, patienceMs, within } from "../connection/borrowed.ts";
import type { Borrowing, Patience } from "../connection/borrowed.ts";
import { codeOf, refusal } from "../connection/refusal.ts";
import type { SqlDrivers, SqlSettings } from "../drivers.ts";
import type { Row, SqlDatabase, SqlValue } from "../statements/database.ts";
import { sqlEntries } from "../statements/entries.ts";
import { sqlLocks } from "../statements/locks.ts";
import { entriesTable, locksTable, once, purge } from "../statements/tables.ts";
import { changesChannel, createListener } from "./listener.ts";
import type { PostgresConnection, PostgresListener, PostgresPool } from "./listener.ts";

/** A foreign way to run statements, about whose connections nothing is known. */
export interface PostgresQueries {
  query(statement: string, values?: readonly SqlValue[]): Promise<unknown>;
}

type Query = (
  statement: string,
  values?: readonly SqlValue[],
  patience?: Patience,
) => Promise<readonly Row[]>;

interface Shared {
  readonly listener: PostgresListener;
  /** Resolves once the tables exist. */
  readonly prepared: () => Promise<void>;
}

/** All drivers over one pool share the connection that listens, and prepare the tables once. */
const sharedByPool = new WeakMap<PostgresPool, Shared>();

/** Drivers over a pool of `pg`. The owner of the pool ends it. */
export function postgresDrivers(pool: PostgresPool, settings: SqlSettings): SqlDrivers {
  // Without a listener, the loss of an idle connection would end the process. The loss of a used
  // one is reported by its query.
  if (pool.listenerCount("error") === 0) pool.on("error", ignore);
  const borrowing = borrowingFrom(pool);
  const query: Query = (statement, values, patience = "short") =>
    onBorrowed(
      borrowing,
      settings,
      patience,
      async (connection) => (await connection.query(statement, values)).rows,
    );
  const shared = sharedByPool.get(pool) ?? {
    listener: createListener(pool, settings.clock),
    prepared: once(() => prepare(query)),
  };
  sharedByPool.set(pool, shared);
  const { listener, prepared } = shared;
  const { cache, lock } = driversOver(query, prepared);
  return {
    cache: { ...cache, watch: (scope, watcher) => listener.watch(scope, watcher) },
    lock: { ...lock, onRelease: (name, waiter) => listener.onRelease(name, waiter) },
  };
}

/** Drivers over foreign queries. They receive no notifications. */
export function postgresQueryDrivers(queries: PostgresQueries, settings: SqlSettings): SqlDrivers {
  const query: Query = async (statement, values, patience = "short") =>
    (await within(
      settings.clock,
      patienceMs(settings, patience),
      queries.query(statement, values),
    )) as readonly Row[];
  return driversOver(
    query,
    once(() => prepare(query)),
  );
}

function ignore(): void {}

/** Connections that have our listener for errors. */
const guarded = new WeakSet<PostgresConnection>();

/**
 * The query reports a lost connection. Without a listener for errors the process would end as well.
 * The listener stays for the connection's life, because one that the pool closes may still report
 * an error when it is no longer used: that the server shuts down, or that TCP has given up.
 */
function guard(connection: PostgresConnection): PostgresConnection {
  if (!guarded.has(connection)) connection.on("error", ignore);
  guarded.add(connection);
  return connection;
}

function borrowingFrom(pool: PostgresPool): Borrowing<PostgresConnection> {
  return {
    borrow: () => pool.connect().then(guard),
    giveBack: (connection, isDead) => connection.release(isDead),
  };
}

const nowMs = "floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint";

/**
 * In one transaction, and in one process at a time, because two processes that create a table at
 * once would collide in the catalogue.
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
  // Not awaited. The next process to start removes the rows that are left.
  purge(nowMs, (statement) => query(statement, [], "long")).catch(() => {});
}

function driversOver(query: Query, prepared: () => Promise<void>): SqlDrivers {
  const database: SqlDatabase = {
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
    announceChange: (statement, name) => notifying(statement, "e", name),
    announceRelease: (statement, name) => notifying(statement, "l", name),
  };
  return {
    cache: { ...sqlEntries(database), close: async () => {} },
    lock: sqlLocks(database),
  };
}

/**
 * A payload must be shorter than 8000 bytes. For a longer name only its kind is sent, which means
 * that everything must be read again.
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

/**
 * Two whole classes of SQLSTATE have one meaning each: 08 the connection, 28 the right to connect.
 */
function reasonOf(error: unknown): ReadonlyMap<string, CacheUnavailableReason> {
  const code = codeOf(error);
  if (/^08\w{3}$/.test(code)) return new Map([[code, "disconnected"]]);
  if (/^28\w{3}$/.test(code)) return new Map([[code, "unauthorized"]]);
  return reasons;
}
