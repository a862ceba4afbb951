/** A scenario: a kind of problem that users have reported. */
import type { FaultTarget } from "../faults/fault-target.ts";
import type { Plan } from "../plan/plan.ts";
import type { Chance } from "../world/chance.ts";

export interface Scenario {
  readonly name: string;
  /** A description in one sentence, without its full stop. */
  readonly about: string;
  /** Changes the plan of the run. */
  readonly plan?: (plan: Plan, chance: Chance) => void;
  /** Injects its faults until `untilMs`. */
  readonly inject?: (target: FaultTarget, chance: Chance, untilMs: number) => void;
  /** Audits the fleet after the faults have ended and it has come to rest. */
  readonly judge?: (target: FaultTarget) => void;
}
