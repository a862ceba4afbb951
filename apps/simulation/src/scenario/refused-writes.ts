/**
 * The store answers reads and refuses writes. A plain token cannot be fetched safely then; a stable
 * one can.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { offeredEveryMs } from "../faults/store-faults.ts";
import { runOccasionally } from "./schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const lastsMs: readonly [number, number] = [1_000, 1_800_000];
const refusals = ["out-of-memory", "readonly", "forbidden"] as const;

export const refusedWrites: Scenario = {
  name: "refused-writes",
  about: "the store is full, read-only, or forbids writes and scripts, and goes on answering reads",
  plan(plan: Plan, chance: Chance) {
    plan.standalone = "when-harmless";
    if (chance.happens(0.5)) plan.kind = "stable";
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { auditor, faults, nodes, store, wechat, world } = target;
    runOccasionally(world, chance, untilMs, () => {
      const forMs = chance.magnitude(...lastsMs);
      const reason = refusals[chance.whole(0, refusals.length - 1)];
      store.primary.refusal = reason;
      world.note("store", `refuses writes for ${(forMs / 1000).toFixed(1)} s: ${reason}`);
      auditor.exceptions.disturbed(undefined, forMs + offeredEveryMs);
      // A stable token needs no store, so a caller's failure is not excused. A consumer, however,
      // can neither report a refusal to the owners nor get a new token.
      if (wechat.kind === "plain") faults.add({ name: "store refuses writes", forMs });
      for (const { name } of nodes.filter(({ consumes }) => consumes))
        faults.add({ name: "store refuses writes", node: name, forMs });
      if (chance.happens(0.5)) world.after(chance.between(0, forMs), () => target.revokeTokens());
      world.after(forMs, () => {
        store.primary.refusal = undefined;
        world.note("store", "takes writes again");
        return "quiet";
      });
    });
  },
};
