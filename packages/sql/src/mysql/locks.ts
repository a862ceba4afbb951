/** Leases in MySQL and MariaDB. A row is never deleted: it carries its name's fence. */
import type { LockDriver } from "@lingpai/core/driver";
import { literal, nowMs } from "./dialect.ts";
import type { MysqlRun } from "./dialect.ts";
import { idOf, locksTable } from "../statements/tables.ts";

export function mysqlLocks(run: MysqlRun): LockDriver {
  /** An owner is drawn per acquisition. The owner in an unexpired row has the lease. */
  const look = async (
    id: string,
    owner: string,
  ): Promise<{ mine: boolean; fence: number; remainingMs: number; storeNowMs: number }> => {
    const [row] = await run.rows(
      `SELECT owner = ${literal(owner)} AND expires_at > ${nowMs} AS mine, fence, expires_at - ${nowMs} AS remaining, ${nowMs} AS now
       FROM ${locksTable} WHERE id = '${id}'`,
    );
    return {
      mine: Number(row?.["mine"] ?? 0) === 1,
      fence: Number(row?.["fence"]),
      remainingMs: Math.max(0, Number(row?.["remaining"] ?? 0)),
      storeNowMs: Number(row?.["now"]),
    };
  };

  return {
    kind: "mysql",
    async tryAcquire(name, owner, ttlMs) {
      const id = idOf(name);
      const endsAt = `${nowMs} + ${ttlMs}`;
      // Assignments take effect from left to right, so expires_at, on which they depend, is changed
      // last.
      await run.affected(
        `INSERT INTO ${locksTable} (id, name, owner, fence, expires_at) VALUES ('${id}', ${literal(name)}, ${literal(owner)}, ${nowMs}, ${endsAt})
         ON DUPLICATE KEY UPDATE
           fence = IF(expires_at <= ${nowMs}, GREATEST(fence + 1, ${nowMs}), fence),
           owner = IF(expires_at <= ${nowMs}, ${literal(owner)}, owner),
           expires_at = IF(expires_at <= ${nowMs} OR owner = ${literal(owner)}, GREATEST(expires_at, ${endsAt}), expires_at)`,
      );
      const { mine, fence, remainingMs, storeNowMs } = await look(id, owner);
      return mine ? { acquired: true, fence, storeNowMs } : { acquired: false, remainingMs };
    },
    async extend(name, owner, ttlMs) {
      const id = idOf(name);
      await run.affected(
        `UPDATE ${locksTable} SET expires_at = GREATEST(expires_at, ${nowMs} + ${ttlMs})
         WHERE id = '${id}' AND owner = ${literal(owner)} AND expires_at > ${nowMs}`,
      );
      return (await look(id, owner)).mine;
    },
    async release(name, owner) {
      const released = `UPDATE ${locksTable} SET owner = NULL, expires_at = 0
        WHERE id = '${idOf(name)}' AND owner = ${literal(owner)} AND expires_at > ${nowMs}`;
      return (await run.affected(released)) > 0;
    },
  };
}
