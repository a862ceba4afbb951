/** The interface of a bench. */
import type { Figure } from "./measurement.ts";

export interface Bench {
  readonly title: string;
  /** The base of the column "ratio". */
  readonly base: string;
  /** @param only rows whose title contains this; a bench without rows measures all */
  run(effort: Effort, only?: string): Promise<readonly Figure[]>;
}

/**
 * `full` measures. `quick` runs everything once, for a test: its counts are valid, its times are
 * not.
 */
export type Effort = "full" | "quick";
