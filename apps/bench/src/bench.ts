/** What every bench offers to the command. */
import type { Figure } from "./measurement.ts";

export interface Bench {
  readonly title: string;
  /** What the column "ratio" compares with. */
  readonly base: string;
  /** @param only rows whose title contains this; a bench without rows measures all */
  run(effort: Effort, only?: string): Promise<readonly Figure[]>;
}

/**
 * `full` measures; `quick` goes through everything once, for a test: its times mean nothing, its
 * counts do.
 */
export type Effort = "full" | "quick";
