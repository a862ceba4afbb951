/**
 * One run: a fleet, a store, a platform and business traffic under one seed's weather, audited to
 * the end.
 */
import type { Violation } from "../audit/auditor.ts";
import { judgeRest } from "../audit/rest-audit.ts";
import { hourMs, Stage, type RunSettings } from "./cluster.ts";
import type { Tally } from "../audit/metrics.ts";
import { describeWeather } from "../fleet/fault-rates.ts";
import { lifetimeMs, type Fetch } from "../platform/wechat.ts";

export type { RunSettings };

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
  /** Equal for equal runs. */
  readonly fingerprint: string;
  readonly weather: string;
  readonly scenarios: readonly string[];
}

/** The faults end, and the fleet comes to rest. */
const restMs = hourMs / 2;
/** The refresh window, and how exactly its beginning is met. */
const advisoryMs = 900_000 + 5_000;

/** One world at a time in each thread: what its nodes tell is heard by all. */
export async function simulate(settings: RunSettings): Promise<RunResult> {
  const stage = new Stage(settings);
  const deafen = stage.listen();
  try {
    return await played(stage, settings);
  } finally {
    deafen();
  }
}

async function played(stage: Stage, settings: RunSettings): Promise<RunResult> {
  const { world, auditor, wechat, fetches, nodes } = stage;
  const consumers = nodes
    .filter(({ role }) => role === "consumer")
    .map(({ name }) => `${name} is a consumer`);
  const scenarios = stage.scenarios.map(({ name }) => name);
  const weather = [
    describeWeather(stage.weather),
    `a ${wechat.kind} token`,
    ...consumers,
    ...scenarios,
  ].join(", ");
  const endMs = world.nowMs + settings.hours * hourMs;
  stage.begin(endMs);
  await world.runUntil(endMs);
  const { failed, excused, calls: ended, hit, slowestMs } = stage.availability;
  const measured = { ...auditor.tally, failed, excused, ended, hit, slowestMs };
  stage.clearUp();
  await world.runUntil(endMs + restMs);
  judgeRest(stage, settings.reports);
  for (const { judge } of stage.scenarios) judge?.(stage);
  for (const { promise, what } of [...fetches.summary(), ...stage.availability.summary()])
    auditor.violated(promise, what);
  const within = wechat.fetches.filter((fetch) => fetch.sentAtMs < endMs);
  const tally: Tally = {
    ...measured,
    nodeMs: nodes.length * settings.hours * hourMs,
    fetches: within.length,
    lifetimes: lifetimesOf(within),
  };
  return {
    seed: settings.seed,
    violations: auditor.violations,
    tally,
    fingerprint: world.chronicle.fingerprint,
    weather,
    scenarios,
  };
}

/**
 * Credentials that had come into their refresh window when the next was asked for, and the last.
 */
function lifetimesOf(fetches: readonly Fetch[]): number {
  const issued = fetches.filter(({ token }) => token !== undefined);
  return issued.filter((fetch, index) => {
    const next = issued[index + 1];
    return next === undefined || next.sentAtMs >= fetch.sentAtMs + lifetimeMs - advisoryMs;
  }).length;
}
