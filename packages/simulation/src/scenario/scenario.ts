/** The scenarios that worlds are drawn from, beside the random faults: each is a kind of trouble that has been reported of fleets like these. */
import { ConfigurationError } from "@lingpai/core";
import type { Chance } from "../world/chance.ts";
import type { Draw, RunSettings, Stage } from "../world/stage.ts";
import { environments } from "./environments.ts";
import { foreignRefreshes, kills } from "./foreign.ts";
import { frozenStore } from "./frozen-store.ts";
import { mendedRefusals } from "./mended-refusals.ts";
import { idleHours, laterRelease, mixedParameters, wallClockSteps } from "./ordinary-life.ts";
import type { Plan } from "./plan.ts";
import { refusedWrites } from "./refused-writes.ts";
import { refusingApi } from "./refusing-api.ts";

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
];

/** What the production code does not pass yet: only drawn when it is asked for. Two names are a pair. The command says so, until the list is empty. */
export const notYetPassed: readonly { readonly names: readonly string[]; readonly why: string }[] = [
  { names: ["idle-hours"], why: "what nobody uses is refreshed for ever (seed 1, --hours 10, --faults 1)" },
];

/** Of the seeds, how many have a scenario, and how many of these have two. */
const shares = { one: 0.6, two: 0.3 };

/** The scenarios of one seed: those that were asked for, or drawn from all that the production code passes. */
export function scenariosOf(settings: RunSettings, draw: Draw): readonly Scenario[] {
  if (settings.scenarios !== undefined) return settings.scenarios.map(scenarioNamed);
  const chance = draw("scenarios");
  if (!settings.wild || settings.faults === 0 || !chance.happens(shares.one)) return [];
  const drawn = scenarios.filter(({ name }) => isPassed([name]));
  const first = drawn[chance.whole(0, drawn.length - 1)];
  const second = drawn[chance.whole(0, drawn.length - 1)];
  const hasSecond = chance.happens(shares.two) && first !== second && isPassed([first?.name, second?.name]);
  return [first, hasSecond ? second : undefined].filter((each) => each !== undefined);
}

function isPassed(drawn: readonly (string | undefined)[]): boolean {
  return notYetPassed.every(({ names }) => !names.every((name) => drawn.includes(name)));
}

export function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario !== undefined) return scenario;
  throw new ConfigurationError(
    `There is no scenario ${JSON.stringify(name)}. There are: ${scenarios.map((each) => each.name).join(", ")}.`,
  );
}
