/**
 * How one speaks to MySQL and MariaDB: in statements that are whole texts, because Keyv's own
 * adapter takes no values beside them.
 */
import type { Patience } from "../connection/borrowed.ts";
import { codeOf } from "../connection/refusal.ts";
import type { Row } from "../statements/database.ts";

/** One statement at a time, each alone in its transaction. */
export interface MysqlRun {
  rows(statement: string): Promise<readonly Row[]>;
  /** How many rows were written. Trust it only where what matches always changes. */
  affected(statement: string, patience?: Patience): Promise<number>;
}

/**
 * The database's clock in ms since the Unix epoch, the same all through one statement, whatever the
 * session's time zone does.
 */
export const nowMs = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)";

/** A text as a literal that needs no escaping, in any SQL mode and character set. */
export function literal(text: string): string {
  return text === "" ? "''" : `X'${Buffer.from(text).toString("hex")}'`;
}

/** Whether an INSERT found its row already there. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === "ER_DUP_ENTRY";
}

/**
 * Whether the statement was undone because it and another waited for each other. Alone in its
 * transaction, it may be run again.
 */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === "ER_LOCK_DEADLOCK";
}
