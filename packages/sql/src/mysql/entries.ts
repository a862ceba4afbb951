/** Entries in MySQL and MariaDB. */
import type { CacheDriver, DriverWrite } from "@lingpai/core/driver";
import { isDuplicate, literal, nowMs } from "./dialect.ts";
import type { MysqlRun } from "./dialect.ts";
import type { Row } from "../statements/database.ts";
import { entriesTable, idOf, pageRows, scopeIdOf } from "../statements/tables.ts";

const live = `(expires_at IS NULL OR expires_at > ${nowMs})`;

/**
 * The most tries of one write. A row that repeatedly appears and disappears is then reported as a
 * conflict.
 */
const triesMax = 3;

export function mysqlEntries(run: MysqlRun): CacheDriver {
  const current = async (
    id: string,
  ): Promise<{ readonly version: string | undefined; readonly storeNowMs: number }> => {
    const [row] = await run.rows(
      `SELECT ${nowMs} AS now, (SELECT version FROM ${entriesTable} WHERE id = '${id}' AND ${live}) AS version`,
    );
    const version = row?.["version"];
    return {
      version: version === null ? undefined : String(version),
      storeNowMs: Number(row?.["now"]),
    };
  };

  return {
    kind: "mysql",
    async get(name) {
      const [row] = await run.rows(
        `SELECT value, version, expires_at - ${nowMs} AS ttl, ${nowMs} AS now FROM ${entriesTable} WHERE id = '${idOf(name)}' AND ${live}`,
      );
      if (row === undefined) return undefined;
      const { value, version, ttl, now } = row;
      return {
        value: String(value),
        version: String(version),
        ttlMs: ttl === null ? undefined : Number(ttl),
        storeNowMs: Number(now),
      };
    },
    async set(name, value, write) {
      const id = idOf(name);
      for (let tries = 1; ; tries += 1) {
        const wrote = await put(run, id, name, value, write);
        const { version, storeNowMs } = await current(id);
        if (wrote || version === write.version)
          return { written: true, version: write.version, storeNowMs };
        // An expired row may have been removed between the two statements of `put`.
        const isStillAbsent = write.ifVersion === "absent" && version === undefined;
        if (!isStillAbsent || tries === triesMax) return { written: false, version, storeNowMs };
      }
    },
    async delete(name, ifVersion) {
      const condition = ifVersion === undefined ? "" : `AND version = ${literal(ifVersion)}`;
      return (
        (await run.affected(
          `DELETE FROM ${entriesTable} WHERE id = '${idOf(name)}' AND ${live} ${condition}`,
        )) > 0
      );
    },
    clear: (scope) =>
      run.affected(
        `DELETE FROM ${entriesTable} WHERE scope = '${idOf(scope)}' AND ${live}`,
        "long",
      ),
    async *names(scope) {
      for (let after = ""; ;) {
        const page: readonly Row[] = await run.rows(
          `SELECT id, name FROM ${entriesTable} WHERE scope = '${idOf(scope)}' AND id > '${after}' AND ${live} ORDER BY id LIMIT ${pageRows}`,
        );
        for (const { name } of page) yield String(name);
        if (page.length < pageRows) return;
        after = String(page.at(-1)?.["id"]);
      }
    },
    close: async () => {},
  };
}

/**
 * True if the row was written. A version is random per write, so a write always changes the row,
 * and the count is right.
 */
async function put(
  run: MysqlRun,
  id: string,
  name: string,
  value: string,
  { version, ttlMs, ifVersion }: DriverWrite,
): Promise<boolean> {
  const expiresAt = ttlMs === undefined ? "NULL" : `${nowMs} + ${ttlMs}`;
  const update = `expires_at = ${expiresAt}, value = ${literal(value)}, version = ${literal(version)}`;
  const insert = `INSERT INTO ${entriesTable} (id, scope, name, expires_at, value, version)
    VALUES ('${id}', '${scopeIdOf(name)}', ${literal(name)}, ${expiresAt}, ${literal(value)}, ${literal(version)})`;
  if (ifVersion === undefined) {
    // The same write sent again must not renew the time to live. Assignments take effect from left
    // to right, so the version comes last.
    const renewed = `expires_at = IF(version = ${literal(version)} AND ${live}, expires_at, ${expiresAt})`;
    await run.affected(
      `${insert} ON DUPLICATE KEY UPDATE ${renewed}, value = ${literal(value)}, version = ${literal(version)}`,
    );
    return true;
  }
  if (ifVersion !== "absent") {
    const condition = `version = ${literal(ifVersion)} AND ${live}`;
    return (
      (await run.affected(
        `UPDATE ${entriesTable} SET ${update} WHERE id = '${id}' AND ${condition}`,
      )) > 0
    );
  }
  try {
    await run.affected(insert);
    return true;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return (
      (await run.affected(
        `UPDATE ${entriesTable} SET ${update} WHERE id = '${id}' AND NOT ${live}`,
      )) > 0
    );
  }
}
