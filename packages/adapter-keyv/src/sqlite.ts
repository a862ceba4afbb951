/**
 * SQLite: the embedded store for several processes on one machine, on one file in WAL mode.
 *
 * The clock is the machine's, which all its processes share, so the scope is the host: never put the file on a network file
 * system, where SQLite's locks are not reliable. `:memory:` reaches as far as its one connection: process scope.
 */
import { delay } from "@lingpai/core";
import type { CacheUnavailableReason } from "@lingpai/core";
import { codeOf, refusal } from "./failure.ts";
import { sqlEntries } from "./sql-entries.ts";
import { sqlLocks } from "./sql-locks.ts";
import type { Row, SqlStore, SqlValue } from "./sql.ts";
import { dialectOf, has } from "./shape.ts";
import type { AtomicStore, StoreFamily, StoreSettings } from "./store.ts";
import { entriesTable, locksTable, once } from "./tables.ts";

/** `DatabaseSync` of node:sqlite, `Database` of better-sqlite3. */
export interface SqliteDatabase {
  prepare(statement: string): { all(...values: (string | number | null)[]): unknown[] };
  exec(statements: string): unknown;
  /** node:sqlite: the file, null for a database in memory. */
  location?(): string | null;
  /** better-sqlite3. */
  readonly memory?: boolean;
}

/** The store of `@keyv/sqlite`, 4 to 6. */
export interface SqliteQueries {
  query(statement: string, ...values: unknown[]): Promise<unknown>;
  /** 6: the file. 4 has it in `opts`. */
  readonly db?: string;
  readonly opts?: { readonly db?: string };
  close(): Promise<void>;
}

export const sqlite: StoreFamily = {
  ofClient(client, settings) {
    if (!has<SqliteDatabase>(client, "prepare", "exec")) return undefined;
    return sqliteStore(client, client.memory === true || client.location?.() === null, settings);
  },
  ofAdapter(adapter, settings) {
    if (!has<SqliteQueries>(adapter, "query", "close")) return undefined;
    if (dialectOf(adapter) !== "sqlite" && typeof adapter.db !== "string") return undefined;
    return sqliteStore(adapter, [undefined, "", ":memory:"].includes(adapter.db ?? adapter.opts?.db), settings);
  },
};

/** How long one attempt waits for another process's write, in ms. With a synchronous driver the event loop waits too, so it is short. */
const busyTimeoutMs = 50;

/** And then, in ms, the event loop has its turn before the next attempt, until the deadline. */
const busyPauseMs = 10;

const nowMs = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)";

const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${entriesTable} (id TEXT PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL,
    value TEXT NOT NULL, version TEXT NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS ${entriesTable}_scope ON ${entriesTable} (scope, id)`,
  `CREATE TABLE IF NOT EXISTS ${locksTable} (id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT,
    fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  `DELETE FROM ${entriesTable} WHERE expires_at <= ${nowMs}`,
];

function sqliteStore(native: SqliteDatabase | SqliteQueries, inMemory: boolean, settings: StoreSettings): AtomicStore {
  const all = runner(native);
  const prepared = once(() => prepare(all));
  const sql: SqlStore = {
    kind: "sqlite",
    nowMs,
    greatest: "max",
    run: (statement, values) =>
      untilFree(settings, async () => {
        await prepared();
        return all(statement, values);
      }),
    toColumn: (value) => value,
    // Read as bytes: node:sqlite of Node 22 ends a text at a NUL character.
    readableValue: "CAST(value AS BLOB)",
    fromColumn: (column) => Buffer.from(column as Uint8Array).toString(),
    told: (statement) => statement,
    toldOfRelease: (statement) => statement,
  };
  return {
    kind: "sqlite",
    facts: { scope: inMemory ? "process" : "host", fencing: true, clock: "server" },
    cache: { ...sqlEntries(sql), close: async () => {} },
    lock: sqlLocks(sql),
  };
}

/** A statement that found the file busy has done nothing, so it may be tried again. */
async function untilFree<T>({ clock, deadlineMs }: StoreSettings, attempt: () => Promise<T>): Promise<T> {
  const dueMs = clock.monotonicMs() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const refused = refusal("sqlite", { code: resultName(error) }, reasons);
      if (refused?.reason !== "timeout" || clock.monotonicMs() >= dueMs) throw refused ?? error;
      await delay(clock, busyPauseMs);
    }
  }
}

type All = (statement: string, values: readonly SqlValue[]) => Promise<readonly Row[]>;

function runner(native: SqliteDatabase | SqliteQueries): All {
  if ("prepare" in native) {
    const prepared = new Map<string, ReturnType<SqliteDatabase["prepare"]>>();
    return async (statement, values) =>
      withShortWait(native, () => {
        const known = prepared.get(statement) ?? native.prepare(numbered(statement));
        prepared.set(statement, known);
        return known.all(...(values as (string | number | null)[])) as Row[];
      });
  }
  return async (statement, values) => ((await native.query(numbered(statement), ...values)) ?? []) as Row[];
}

/** How long the connection waits is its user's business, who may well want 5 s; only while a statement of ours runs it is ours. */
function withShortWait<T>(native: SqliteDatabase, run: () => T): T {
  // Prepared anew each time: this pragma takes effect when it is prepared, not when it runs.
  const pragma = (assignment: string): unknown[] => native.prepare(`PRAGMA busy_timeout${assignment}`).all();
  const [own] = pragma("") as Row[];
  pragma(` = ${busyTimeoutMs}`);
  try {
    return run();
  } finally {
    pragma(` = ${Number(own?.["timeout"])}`);
  }
}

/** SQLite counts `?1`, and takes `$1` for a name. */
function numbered(statement: string): string {
  return statement.replace(/\$(\d)/g, "?$1");
}

/** WAL is a property of the file: the first process sets it, for ever. It needs the file for itself, so whoever is second tries again. */
async function prepare(all: All): Promise<void> {
  // Where the statements do not see to it themselves: on the connection of an `@keyv/sqlite`, which is set by its own `busyTimeout`.
  const [busy] = await all("PRAGMA busy_timeout", []);
  if (Number(busy?.["timeout"]) === 0) await all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
  await all("PRAGMA journal_mode = WAL", []);
  for (const statement of tables) await all(statement, []);
}

/** Drivers name a result as `SQLITE_BUSY` (code), or number it (errcode, whose low byte is the primary one). */
function resultName(error: unknown): string {
  if (typeof error === "object" && error !== null && "errcode" in error) return String(Number(error.errcode) & 0xff);
  return codeOf(error).replace(/^(SQLITE_[A-Z]+)_\w+$/, "$1");
}

const reasons: ReadonlyMap<string, CacheUnavailableReason> = new Map<string, CacheUnavailableReason>([
  ["5", "timeout"],
  ["6", "timeout"],
  ["8", "readonly"],
  ["13", "out-of-memory"],
  ["14", "disconnected"],
  ["23", "forbidden"],
  ["SQLITE_BUSY", "timeout"],
  ["SQLITE_LOCKED", "timeout"],
  ["SQLITE_READONLY", "readonly"],
  ["SQLITE_FULL", "out-of-memory"],
  ["SQLITE_CANTOPEN", "disconnected"],
  ["SQLITE_AUTH", "forbidden"],
]);
