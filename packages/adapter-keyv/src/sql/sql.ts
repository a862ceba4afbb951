/** What differs between the databases that {@link sqlEntries} and {@link sqlLocks} run on. */
import type { Patience } from "./borrowed.ts";

export type SqlValue = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;

export interface SqlStore {
  /** Shown in errors. */
  readonly kind: string;
  /**
   * An expression for the database's clock in ms since the Unix epoch, the same all through one
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
  /**
   * A value as its column takes it, the expression that reads it, and what that gives as a value.
   */
  toColumn(value: string): SqlValue;
  readonly readableValue: string;
  fromColumn(column: unknown): string;
  /**
   * The same statement, which also tells watchers of each row that it returns; as it is where the
   * database cannot tell.
   */
  told(statement: string, nameColumn: string): string;
  toldOfRelease(statement: string, nameColumn: string): string;
}
