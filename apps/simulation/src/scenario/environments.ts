/**
 * Two environments claim one AppID, one later than the other, under each setting of `onConflict`.
 * The earlier one must hardly be affected.
 */
import type { OnConflict } from "@lingpai/core";
import type { Chance } from "../world/chance.ts";
import { restart } from "../faults/fault-injector.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { noFaults } from "../plan/fault-rates.ts";
import { runOccasionally } from "./schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const settings: readonly (OnConflict | undefined)[] = ["error", "warn", "consume", undefined];
const laterAfterMs = 600_000;

export const environments: Scenario = {
  name: "environments",
  about:
    "a second environment starts later with the same AppID, under each setting of onConflict, and both are restarted at times",
  plan(plan: Plan, chance: Chance) {
    plan.rates = { ...noFaults, longCall: 0.02 };
    if (chance.happens(0.3)) plan.kind = "stable";
    const pick = (): OnConflict | undefined => {
      const drawn = settings[chance.whole(0, settings.length - 1)];
      return drawn === undefined && plan.kind === "stable" ? "coexist" : drawn;
    };
    const [earlier, later] = [pick(), pick()];
    for (const node of plan.nodes) node.onConflict = earlier;
    const first = plan.nodes[0];
    if (first === undefined) return;
    for (let index = 0; index < 2; index += 1)
      plan.nodes.push({
        ...first,
        environment: "staging",
        onConflict: later,
        isLaterClaimant: true,
        startsAtMs: laterAfterMs + index * 30_000,
      });
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    runOccasionally(target.world, chance, untilMs, () => {
      const node = target.nodes[chance.whole(0, target.nodes.length - 1)];
      if (node !== undefined) void restart(target, node);
    });
  },
};
