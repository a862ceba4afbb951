/**
 * One owner fetches for all, even while it cannot reach the store. When the store is back, the
 * owner must not put the tokens that it fetched meanwhile in doubt.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { noFaults } from "../plan/fault-rates.ts";
import { runOccasionally } from "./schedule.ts";
import type { Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const lastsMs: readonly [number, number] = [60_000, 600_000];
/** The owner is cut off within this time after its token died. */
const beginsWithinMs = 12_000;

export const singleOwner: Scenario = {
  name: "single-owner",
  about:
    "one owner that fetches without the store too is cut off during a refresh, whose answer may be lost, and its tokens die meanwhile",
  plan(plan: Plan, chance: Chance) {
    plan.standalone = "always";
    plan.overlapMs = chance.happens(0.5) ? 0 : plan.overlapMs;
    plan.rates = { ...noFaults, lostReply: 0.1, longCall: 0.02 };
    // Without messages a consumer's report waits for the owner's next read.
    if (!plan.pushesChanges) plan.nodes.length = 1;
    // Another environment has an owner of its own.
    for (const [index, node] of plan.nodes.entries())
      node.role = index > 0 && node.environment === "production" ? "consumer" : "owner";
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { faults, nodes, store, world } = target;
    const owner = nodes.find(({ role }) => role === "owner");
    if (owner === undefined) return;
    runOccasionally(world, chance, untilMs, () => {
      if (owner.isStorePartitioned) return;
      const forMs = chance.magnitude(...lastsMs);
      target.revokeTokens();
      world.after(chance.between(0, beginsWithinMs), () => {
        owner.isStorePartitioned = true;
        owner.life?.link.cut({ refusing: chance.happens(0.5) });
        world.note(owner.name, `is cut off from the store for ${(forMs / 1000).toFixed(1)} s`);
        // Only the owner may fetch, so the consumers wait for the store too.
        faults.add({ name: "store cut off", forMs });
        for (let deaths = chance.whole(1, 3); deaths > 0; deaths -= 1)
          world.after(chance.between(0, forMs), () => target.revokeTokens());
        world.after(forMs, () => {
          owner.isStorePartitioned = false;
          owner.life?.link.connect(store.primary);
          return "quiet";
        });
        return "quiet";
      });
    });
  },
};
