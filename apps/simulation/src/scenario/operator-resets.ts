/**
 * An operator resets the fleet's token, because it leaked, or because the store holds one of
 * another account.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { flush } from "../faults/store-faults.ts";
import type { Plan } from "../plan/plan.ts";
import { runOccasionally } from "./schedule.ts";
import type { Scenario } from "./scenario.ts";

/** How long the fetches that follow a reset may overlap with those before it. */
const replacedWithinMs = 15_000;

export const operatorResets: Scenario = {
  name: "operator-resets",
  about:
    "an operator has the fleet forget its token, also while it is replaced, and after the store was emptied",
  plan(plan: Plan, chance: Chance) {
    if (chance.happens(0.25)) plan.kind = "stable";
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, nodes, operatedAtMs, world } = target;
    const reset = (): void => {
      const node = nodes[chance.whole(0, nodes.length - 1)];
      const life = node?.life;
      if (life === undefined || node?.role !== "owner" || !life.process.isAwake) return;
      if (chance.happens(0.2)) flush(target);
      if (chance.happens(0.3)) life.credential.refresh().catch(() => {});
      world.note(node.name, "an operator resets the credential");
      operatedAtMs.push(world.nowMs);
      auditor.exceptions.disturbed(undefined, replacedWithinMs);
      // If the store is unreachable, or the process ends, the reset does not happen.
      life.credential.reset().catch(() => {});
    };
    runOccasionally(world, chance, untilMs, () => {
      reset();
      // An operator who is not sure repeats the reset.
      if (chance.happens(0.3))
        world.after(chance.magnitude(10, 60_000), () => {
          reset();
          return undefined;
        });
    });
  },
};
