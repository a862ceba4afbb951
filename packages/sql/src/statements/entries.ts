/**
 * Entries in a database whose statements can return the rows that they wrote: SQLite and
 * PostgreSQL.
 */
import type { Conflict, Written } from "@lingpai/core";
import type { CacheDriver, DriverWrite } from "@lingpai/core/driver";
import type { Row, SqlDatabase, SqlValue } from "./database.ts";
import { entriesTable, idOf, pageRows, scopeIdOf } from "./tables.ts";

type EntryStatements = Readonly<
  Record<
    | "get"
    | "put"
    | "create"
    | "replace"
    | "version"
    | "delete"
    | "deleteVersion"
    | "clear"
    | "names",
    string
  >
>;

/** Each is one atomic step by itself. A conditional write that returns no row did not happen. */
function entryStatements({ nowMs, readableValue, announceChange }: SqlDatabase): EntryStatements {
  const live = `(${entriesTable}.expires_at IS NULL OR ${entriesTable}.expires_at > ${nowMs})`;
  const insert = `INSERT INTO ${entriesTable} (id, scope, name, value, version, expires_at)
    VALUES ($1, $2, $3, $4, $5, ${nowMs} + CAST($6 AS BIGINT)) ON CONFLICT (id) DO UPDATE
    SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at`;
  const write = (statement: string): string =>
    announceChange(`${statement} RETURNING name, ${nowMs} AS now`, "name");
  return {
    get: `SELECT ${readableValue} AS value, version, expires_at - ${nowMs} AS ttl, ${nowMs} AS now
      FROM ${entriesTable} WHERE id = $1 AND ${live}`,
    put: write(`${insert} WHERE ${entriesTable}.version <> excluded.version OR NOT ${live}`),
    create: write(`${insert} WHERE NOT ${live}`),
    replace:
      write(`UPDATE ${entriesTable} SET value = $2, version = $3, expires_at = ${nowMs} + CAST($4 AS BIGINT)
      WHERE id = $1 AND version = $5 AND ${live}`),
    version: `SELECT ${nowMs} AS now, (SELECT version FROM ${entriesTable} WHERE id = $1 AND ${live}) AS version`,
    delete: write(`DELETE FROM ${entriesTable} WHERE id = $1 AND ${live}`),
    deleteVersion: write(`DELETE FROM ${entriesTable} WHERE id = $1 AND version = $2 AND ${live}`),
    clear: announceChange(
      `DELETE FROM ${entriesTable} WHERE scope = $1 RETURNING name, ${live} AS live`,
      "name",
    ),
    names: `SELECT id, name FROM ${entriesTable} WHERE scope = $1 AND id > $2 AND ${live} ORDER BY id LIMIT ${pageRows}`,
  };
}

export function sqlEntries(database: SqlDatabase): Omit<CacheDriver, "watch" | "close"> {
  const { kind, run, fromColumn } = database;
  const statements = entryStatements(database);
  return {
    kind,
    async get(name) {
      const [row] = await run(statements.get, [idOf(name)]);
      if (row === undefined) return undefined;
      const { value, version, ttl, now } = row;
      return {
        value: fromColumn(value),
        version: String(version),
        ttlMs: ttl === null ? undefined : Number(ttl),
        storeNowMs: Number(now),
      };
    },
    async set(name, value, driverWrite) {
      const [row] = await write(database, statements, name, value, driverWrite);
      if (row !== undefined)
        return { written: true, version: driverWrite.version, storeNowMs: Number(row["now"]) };
      const [current] = await run(statements.version, [idOf(name)]);
      return explained(current, driverWrite);
    },
    async delete(name, ifVersion) {
      const id = idOf(name);
      const rows =
        ifVersion === undefined
          ? run(statements.delete, [id])
          : run(statements.deleteVersion, [id, ifVersion]);
      return (await rows).length > 0;
    },
    async clear(scope) {
      const rows = await run(statements.clear, [idOf(scope)], "long");
      return rows.filter(({ live }) => Boolean(live)).length;
    },
    async *names(scope) {
      const scopeId = idOf(scope);
      for (let after = ""; ;) {
        const page = await run(statements.names, [scopeId, after]);
        for (const { name } of page) yield String(name);
        if (page.length < pageRows) return;
        after = String(page.at(-1)?.["id"]);
      }
    },
  };
}

/** Returns the row that was written, or none. */
function write(
  { run, toColumn }: SqlDatabase,
  statements: EntryStatements,
  name: string,
  value: string,
  { version, ttlMs, ifVersion }: DriverWrite,
): Promise<readonly Row[]> {
  const id = idOf(name);
  const content: readonly SqlValue[] = [toColumn(value), version, ttlMs ?? null];
  if (ifVersion !== undefined && ifVersion !== "absent")
    return run(statements.replace, [id, ...content, ifVersion]);
  return run(ifVersion === undefined ? statements.put : statements.create, [
    id,
    scopeIdOf(name),
    name,
    ...content,
  ]);
}

/**
 * Explains why a write changed nothing: either this very version was written before, or the
 * condition did not hold.
 */
function explained(row: Row | undefined, { version, ifVersion }: DriverWrite): Written | Conflict {
  const storeNowMs = Number(row?.["now"]);
  const current = row?.["version"] as string | null | undefined;
  if (current === version || ifVersion === undefined) return { written: true, version, storeNowMs };
  return { written: false, version: current ?? undefined, storeNowMs };
}
