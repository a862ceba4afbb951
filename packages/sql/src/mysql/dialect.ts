/**
 * The dialect of MySQL and MariaDB. Statements contain their values as literals, because Keyv's own
 * adapter passes no values beside them.
 */
import type { Patience } from "../connection/borrowed.ts";
import { codeOf } from "../connection/refusal.ts";
import type { Row } from "../statements/database.ts";

/** One statement at a time, each alone in its transaction. */
export interface MysqlRun {
  rows(statement: string): Promise<readonly Row[]>;
  /** The number of written rows. It is reliable only if a matching row always changes. */
  affected(statement: string, patience?: Patience): Promise<number>;
}

/**
 * The database's clock in ms since the Unix epoch. It is constant within one statement, whatever
 * the session's time zone does.
 */
export const nowMs = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)";

/** Writes a text as a literal that needs no escaping, in any SQL mode and character set. */
export function literal(text: string): string {
  return text === "" ? "''" : `X'${Buffer.from(text).toString("hex")}'`;
}

/** True if an INSERT found its row already there. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === "ER_DUP_ENTRY";
}

/**
 * True if the statement was undone by a deadlock. Alone in its transaction, it may be run again.
 */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === "ER_LOCK_DEADLOCK";
}
