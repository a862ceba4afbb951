/**
 * Something outside the fleet kills its token: a foreign fetch, or a revocation by the platform.
 * Neither excuses a failed call.
 */
import type { Chance } from "../world/chance.ts";
import type { FaultTarget } from "../faults/fault-target.ts";
import { runRepeatedly, type Repetition } from "./schedule.ts";
import { overlapMs, type Plan } from "../plan/plan.ts";
import type { Scenario } from "./scenario.ts";

const secondMs = 1_000;
const hourMs = 3_600_000;

/**
 * Every interval that users have reported, for as long as the quota lasts: 10 s for minutes, the
 * others for hours.
 */
const paces: readonly Repetition[] = [
  { everyMs: 10 * secondMs, forMs: 180 * secondMs },
  { everyMs: 35 * secondMs, forMs: 1.8 * hourMs },
  { everyMs: 120 * secondMs, forMs: 2 * hourMs },
  { everyMs: 300 * secondMs, forMs: 2 * hourMs },
  { everyMs: 600 * secondMs, forMs: 2 * hourMs },
  { everyMs: hourMs, forMs: 20 * hourMs },
];

/** The platform allows 20 forced refreshes a day, 30 s apart. */
const forcedPaces: readonly Repetition[] = [
  { everyMs: 35 * secondMs, forMs: 18 * 35 * secondMs },
  { everyMs: 300 * secondMs, forMs: 18 * 300 * secondMs },
  { everyMs: hourMs, forMs: 9 * hourMs },
];

export const foreignRefreshes: Scenario = {
  name: "foreign",
  about:
    "another system fetches with the fleet's AppID, every 10 s to every hour, plain or stable, with and without an overlap",
  plan(plan: Plan, chance: Chance) {
    // Another scenario may have chosen the stable token already.
    if (chance.happens(0.3)) plan.kind = "stable";
    plan.overlapMs = chance.happens(0.5) ? 0 : overlapMs;
    if (plan.overlapMs === 0) plan.pushesChanges = true;
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { wechat, world } = target;
    runRepeatedly(world, chance, untilMs, wechat.kind === "stable" ? forcedPaces : paces, () => {
      world.note("foreign", `fetches ${wechat.foreignIssue()}`);
    });
  },
};

export const kills: Scenario = {
  name: "kills",
  about: "the platform revokes the fleet's token, every 10 s to every hour",
  plan(plan: Plan, chance: Chance) {
    if (chance.happens(0.3)) plan.kind = "stable";
  },
  inject(target: FaultTarget, chance: Chance, untilMs: number) {
    const { world } = target;
    runRepeatedly(world, chance, untilMs, paces, () => target.revokeTokens());
  },
};
