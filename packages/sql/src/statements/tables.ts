/**
 * The two tables that the SQL stores share, and the mapping of names to rows.
 *
 * `lingpai_entries(id, scope, name, value, version, expires_at)` and
 * `lingpai_locks(id, name, owner, fence, expires_at)`. Instants are ms since the Unix epoch by the
 * database's clock. Names may have 8 kB, more than an index supports, so `id` and `scope` are
 * SHA-256 in lower-case hex, which are equal only for equal names in every collation. `name` is
 * stored for people and for listing.
 */
import { createHash } from "node:crypto";
import type { Row } from "./database.ts";

export const entriesTable = "lingpai_entries";
export const locksTable = "lingpai_locks";

/** How many names are listed, and how many rows are read, in one statement. */
export const pageRows = 500;

export function idOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

/** The part of a name that its whole scope shares, up to and including the opening brace. */
export function scopeIdOf(name: string): string {
  return idOf(name.slice(0, name.indexOf("{") + 1));
}

/**
 * Runs `prepare` before the first use and shares its result. A failure is forgotten, so that the
 * next use tries again.
 */
export function once(prepare: () => Promise<void>): () => Promise<void> {
  let prepared: Promise<void> | undefined;
  return () => {
    prepared ??= prepare().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
}

/**
 * Removes expired rows in pages, so that a write waits for one page at most. The rows are found
 * first and then removed by their ids, because MySQL locks each row that a DELETE reads, and a
 * write that came between keeps its row.
 */
export async function purge(
  nowMs: string,
  query: (statement: string) => Promise<readonly Row[]>,
): Promise<void> {
  const expired = `expires_at <= ${nowMs}`;
  for (let after = ""; ;) {
    const page = await query(
      `SELECT id FROM ${entriesTable} WHERE id > '${after}' AND ${expired} ORDER BY id LIMIT ${pageRows}`,
    );
    const ids = page.map(({ id }) => String(id));
    if (ids.length > 0)
      await query(`DELETE FROM ${entriesTable} WHERE id IN ('${ids.join("', '")}') AND ${expired}`);
    if (ids.length < pageRows) return;
    after = ids.at(-1)!;
  }
}
