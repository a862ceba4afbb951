/**
 * Somebody outside the fleet kills its token: by fetching one, or because the platform stops
 * honouring it. Neither excuses a call.
 */
import type { Chance } from "../world/chance.ts";
import type { Stage } from "../cluster/cluster.ts";
import { runCampaigns, type Campaign } from "./schedule.ts";
import { overlapMs, type Plan } from "../fleet/plan.ts";
import type { Scenario } from "./scenario.ts";

const secondMs = 1_000;
const hourMs = 3_600_000;

/**
 * Every pace that has been reported, as far as the ledger can follow it: 10 s for minutes, the
 * others for hours.
 */
const paces: readonly Campaign[] = [
  { everyMs: 10 * secondMs, forMs: 180 * secondMs },
  { everyMs: 35 * secondMs, forMs: 1.8 * hourMs },
  { everyMs: 120 * secondMs, forMs: 2 * hourMs },
  { everyMs: 300 * secondMs, forMs: 2 * hourMs },
  { everyMs: 600 * secondMs, forMs: 2 * hourMs },
  { everyMs: hourMs, forMs: 20 * hourMs },
];

/** The platform grants 20 forced refreshes a day, 30 s apart. */
const forcedPaces: readonly Campaign[] = [
  { everyMs: 35 * secondMs, forMs: 18 * 35 * secondMs },
  { everyMs: 300 * secondMs, forMs: 18 * 300 * secondMs },
  { everyMs: hourMs, forMs: 9 * hourMs },
];

export const foreignRefreshes: Scenario = {
  name: "foreign",
  about:
    "another system fetches with the fleet's AppID, every 10 s to every hour, plain or stable, with and without an overlap",
  plan(plan: Plan, chance: Chance) {
    // Another scenario may need a stable one already.
    if (chance.happens(0.3)) plan.kind = "stable";
    plan.overlapMs = chance.happens(0.5) ? 0 : overlapMs;
    if (plan.overlapMs === 0) plan.pushesChanges = true;
  },
  inject(cluster: Stage, chance: Chance, untilMs: number) {
    const { wechat, world } = cluster;
    runCampaigns(world, chance, untilMs, wechat.kind === "stable" ? forcedPaces : paces, () => {
      world.note("foreign", `fetches ${wechat.foreignIssue()}`);
    });
  },
};

export const kills: Scenario = {
  name: "kills",
  about: "the platform stops honouring what the fleet holds, every 10 s to every hour",
  plan(plan: Plan, chance: Chance) {
    if (chance.happens(0.3)) plan.kind = "stable";
  },
  inject(cluster: Stage, chance: Chance, untilMs: number) {
    const { world } = cluster;
    runCampaigns(world, chance, untilMs, paces, () => cluster.kill());
  },
};
