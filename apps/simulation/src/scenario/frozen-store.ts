/**
 * The store's primary freezes: every command waits without a reply. Later it resumes, or a replica
 * takes over.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { failOver } from "../faults/store-faults.ts";
import { runOccasionally } from "./schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const frozenForMs: readonly [number, number] = [1_000, 15_000];

export const frozenStore: Scenario = {
  name: "frozen-store",
  about:
    "the store's primary freezes for up to 15 s, often during a refresh, and goes on or is replaced by a replica that lacks the last writes",
  plan(plan: Plan, chance: Chance) {
    plan.overlapMs = chance.happens(0.5) ? 0 : plan.overlapMs;
    if (plan.overlapMs === 0) plan.pushesChanges = true;
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, faults, store, world } = target;
    const freeze = (): void => {
      const forMs = chance.magnitude(...frozenForMs);
      const { primary } = store;
      const isReplaced = chance.happens(0.5);
      primary.frozenUntilMs = world.nowMs + forMs;
      world.note(
        "store",
        `freezes for ${(forMs / 1000).toFixed(1)} s${isReplaced ? ", and is replaced" : ""}`,
      );
      faults.add({ name: "store out of reach", forMs });
      auditor.exceptions.disturbed(undefined, forMs + 15_000);
      world.after(forMs, () => {
        if (isReplaced && store.primary === primary) failOver(target);
        return "quiet";
      });
    };
    runOccasionally(world, chance, untilMs, () => {
      // A refresh begins, and the store freezes during it.
      if (chance.happens(0.7)) target.revokeTokens();
      world.after(chance.between(0, 12_000), () => {
        freeze();
        return "quiet";
      });
    });
  },
};
