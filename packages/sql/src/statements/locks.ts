/**
 * Leases in a database whose statements can return the rows that they wrote. A row is never
 * deleted: it carries its name's fence.
 */
import type { LockDriver } from "@lingpai/core/driver";
import type { SqlDatabase } from "./database.ts";
import { idOf, locksTable } from "./tables.ts";

type LockStatements = Readonly<Record<"acquire" | "remaining" | "extend" | "release", string>>;

function lockStatements({ nowMs, greatest, announceRelease }: SqlDatabase): LockStatements {
  const endsMs = `${nowMs} + CAST($3 AS BIGINT)`;
  const held = `id = $1 AND owner = $2 AND expires_at > ${nowMs}`;
  return {
    acquire: `INSERT INTO ${locksTable} (id, owner, expires_at, name, fence) VALUES ($1, $2, ${endsMs}, $4, ${nowMs})
      ON CONFLICT (id) DO UPDATE SET
        fence = CASE WHEN ${locksTable}.expires_at > ${nowMs} THEN ${locksTable}.fence ELSE ${greatest}(${locksTable}.fence + 1, excluded.fence) END,
        owner = excluded.owner,
        expires_at = ${greatest}(${locksTable}.expires_at, excluded.expires_at)
      WHERE ${locksTable}.expires_at <= ${nowMs} OR ${locksTable}.owner = excluded.owner
      RETURNING fence, ${nowMs} AS now`,
    remaining: `SELECT expires_at - ${nowMs} AS remaining FROM ${locksTable} WHERE id = $1`,
    extend: `UPDATE ${locksTable} SET expires_at = ${greatest}(expires_at, ${endsMs}) WHERE ${held} RETURNING id`,
    release: announceRelease(
      `UPDATE ${locksTable} SET owner = NULL, expires_at = 0 WHERE ${held} RETURNING name`,
      "name",
    ),
  };
}

export function sqlLocks(database: SqlDatabase): Omit<LockDriver, "onRelease"> {
  const { kind, run } = database;
  const statements = lockStatements(database);
  return {
    kind,
    async tryAcquire(name, owner, ttlMs) {
      const id = idOf(name);
      const [granted] = await run(statements.acquire, [id, owner, ttlMs, name]);
      if (granted !== undefined)
        return {
          acquired: true,
          fence: Number(granted["fence"]),
          storeNowMs: Number(granted["now"]),
        };
      const [holder] = await run(statements.remaining, [id]);
      return { acquired: false, remainingMs: Math.max(0, Number(holder?.["remaining"] ?? 0)) };
    },
    async extend(name, owner, ttlMs) {
      return (await run(statements.extend, [idOf(name), owner, ttlMs])).length > 0;
    },
    async release(name, owner) {
      return (await run(statements.release, [idOf(name), owner])).length > 0;
    },
  };
}
