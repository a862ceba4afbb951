/**
 * The two tables that the SQL stores share, and how a name becomes a row.
 *
 * `lingpai_entries(id, scope, name, value, version, expires_at)` and `lingpai_locks(id, name, owner, fence, expires_at)`; instants
 * are ms since the Unix epoch by the database's clock. Names may have 8 kB, more than an index takes, so `id` and `scope` are
 * SHA-256 in lower-case hex: equal only for equal names in every collation. `name` is there to be read by people and listed.
 */
import { createHash } from "node:crypto";

export const entriesTable = "lingpai_entries";
export const locksTable = "lingpai_locks";

/** How many names are listed, and how many rows are looked at, in one statement. */
export const pageRows = 500;

export function idOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

/** The part of a name that its whole scope shares: up to and including the opening brace. */
export function scopeIdOf(name: string): string {
  return idOf(name.slice(0, name.indexOf("{") + 1));
}

/** Runs `prepare` before the first use and shares it; a failure is forgotten, so that the next use tries again. */
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
