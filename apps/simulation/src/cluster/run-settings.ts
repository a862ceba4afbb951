/** The settings of one simulated run. */
import type { PlanSettings } from "../plan/plan.ts";
import type { Mutant } from "./mutants.ts";

export interface RunSettings extends PlanSettings {
  readonly seed: number;
  readonly hours: number;
  /** Whether callers report refusals. */
  readonly reports: boolean;
  /** The names of the scenarios; undefined: drawn from the seed. */
  readonly scenarios?: readonly string[] | undefined;
  /** A defect that is put into the production code or into the auditor. */
  readonly mutant?: Mutant | undefined;
}
