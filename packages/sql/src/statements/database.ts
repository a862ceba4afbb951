/** The differences between the databases on which {@link sqlEntries} and {@link sqlLocks} run. */
import type { Patience } from "../connection/borrowed.ts";

export type SqlValue = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;

export interface SqlDatabase {
  /** The name shown in errors. */
  readonly kind: string;
  /**
   * An expression for the database's clock in ms since the Unix epoch. It is constant within one
   * statement.
   */
  readonly nowMs: string;
  /** The function that returns the greater of two numbers. */
  readonly greatest: string;
  /**
   * Runs one statement, alone in its transaction, with values for `$1`, `$2`, …; prepares the
   * tables first.
   */
  run(statement: string, values: readonly SqlValue[], patience?: Patience): Promise<readonly Row[]>;
  /** A value as its column stores it, the expression that reads it, and its conversion back. */
  toColumn(value: string): SqlValue;
  readonly readableValue: string;
  fromColumn(column: unknown): string;
  /**
   * Returns the statement extended so that it also announces each row that it returns as changed.
   * Returns it unchanged where the database cannot announce anything.
   */
  announceChange(statement: string, nameColumn: string): string;
  /** The same for leases that were released. */
  announceRelease(statement: string, nameColumn: string): string;
}
