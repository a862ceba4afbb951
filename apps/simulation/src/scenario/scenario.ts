/**
 * The scenarios that worlds are drawn from, beside the random faults: each is a kind of trouble
 * that has been reported of fleets like these.
 */
import { ConfigurationError } from "@lingpai/core";
import type { Chance } from "../world/chance.ts";
import type { Draw, RunSettings, Stage } from "../cluster/cluster.ts";
import { environments } from "./environments.ts";
import { foreignRefreshes, kills } from "./foreign.ts";
import { frozenStore } from "./frozen-store.ts";
import { mendedRefusals } from "./mended-refusals.ts";
import { idleHours, laterRelease, mixedParameters, wallClockSteps } from "./operations.ts";
import type { Plan } from "../fleet/plan.ts";
import { refusedWrites } from "./refused-writes.ts";
import { refusingApi } from "./refusing-api.ts";
import { tickets } from "./tickets.ts";

export interface Scenario {
  readonly name: string;
  /** What happens in it, in a sentence without its full stop. */
  readonly about: string;
  /** Changes what the world is built from. */
  readonly plan?: (plan: Plan, chance: Chance) => void;
  /** Injects its faults, until so late. */
  readonly inject?: (cluster: Stage, chance: Chance, untilMs: number) => void;
  /** What must hold when its faults have ended and the fleet has come to rest. */
  readonly judge?: (cluster: Stage) => void;
}

export const scenarios: readonly Scenario[] = [
  foreignRefreshes,
  kills,
  refusingApi,
  mendedRefusals,
  refusedWrites,
  frozenStore,
  environments,
  idleHours,
  wallClockSteps,
  mixedParameters,
  laterRelease,
  tickets,
];

/** Of the seeds, how many have a scenario, and how many of these have two. */
const shares = { one: 0.6, two: 0.3 };

/** The scenarios of one seed: those that were asked for, or drawn from all. */
export function scenariosOf(settings: RunSettings, draw: Draw): readonly Scenario[] {
  if (settings.scenarios !== undefined) return settings.scenarios.map(scenarioNamed);
  const chance = draw("scenarios");
  if (!settings.wild || settings.faults === 0 || !chance.happens(shares.one)) return [];
  const first = scenarios[chance.whole(0, scenarios.length - 1)];
  const second = scenarios[chance.whole(0, scenarios.length - 1)];
  const hasSecond = chance.happens(shares.two) && first !== second;
  return [first, hasSecond ? second : undefined].filter((each) => each !== undefined);
}

export function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario !== undefined) return scenario;
  throw new ConfigurationError(
    `There is no scenario ${JSON.stringify(name)}. There are: ${scenarios.map((each) => each.name).join(", ")}.`,
  );
}
