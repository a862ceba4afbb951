/** One API answers 40001 to every token. Only its own callers may be affected. */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

/** From one call an hour to every second call, with a call every 10 s. */
const shares: readonly [number, number] = [0.003, 0.5];

export const refusingApi: Scenario = {
  name: "refusing-api",
  about: "one API refuses every token with 40001, whatever its age, and all others work",
  plan(plan: Plan, chance: Chance) {
    plan.refusedPathShare = chance.magnitude(...shares);
    if (chance.happens(0.3)) plan.kind = "stable";
  },
  judge(target: FaultTarget) {
    target.auditor.requireNoContention();
  },
};
