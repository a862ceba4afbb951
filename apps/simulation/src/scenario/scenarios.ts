/**
 * The scenarios that are drawn in addition to random faults. Users have reported each of these
 * problems.
 */
import { ConfigurationError } from "@lingpai/core";
import type { Chance, Draw } from "../world/chance.ts";
import { environments } from "./environments.ts";
import { foreignRefreshes, kills } from "./foreign.ts";
import { frozenStore } from "./frozen-store.ts";
import { manyCredentials } from "./many-credentials.ts";
import { mendedRefusals } from "./mended-refusals.ts";
import { idleHours, laterRelease, mixedParameters, wallClockSteps } from "./operations.ts";
import { operatorResets } from "./operator-resets.ts";
import { refusedWrites } from "./refused-writes.ts";
import { refusingApi } from "./refusing-api.ts";
import { singleOwner } from "./single-owner.ts";
import type { Scenario } from "./scenario.ts";
import { tickets } from "./tickets.ts";

/** One or two of these are drawn by their place: another one would change what each seed draws. */
const placed: readonly Scenario[] = [
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
  singleOwner,
  tickets,
  operatorResets,
];

/** Each is drawn by its own label, with this probability, whatever else the seed draws. */
const added: readonly (readonly [scenario: Scenario, share: number])[] = [[manyCredentials, 0.015]];

export const scenarios: readonly Scenario[] = [...placed, ...added.map(([scenario]) => scenario)];

/** The settings of a run that its scenarios depend on. */
export interface ScenarioSettings {
  readonly scenarios?: readonly string[] | undefined;
  readonly wild: boolean;
  readonly faults: number;
}

/** The share of seeds that have one of these, and the share of those that have two. */
const shares = { one: 0.6, two: 0.3 };

/** Returns the scenarios of one seed: those in the settings, or some drawn from all. */
export function scenariosOf(settings: ScenarioSettings, draw: Draw): readonly Scenario[] {
  if (settings.scenarios !== undefined) return settings.scenarios.map(scenarioNamed);
  if (!settings.wild || settings.faults === 0) return [];
  const own = added.filter(([{ name }, share]) => draw(`whether ${name}`).happens(share));
  return [...placedOf(draw("scenarios")), ...own.map(([scenario]) => scenario)];
}

function placedOf(chance: Chance): readonly Scenario[] {
  if (!chance.happens(shares.one)) return [];
  const first = placed[chance.whole(0, placed.length - 1)];
  const second = placed[chance.whole(0, placed.length - 1)];
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
