/**
 * One run: a fleet, a store, a platform and a workload under the faults of one seed, audited to the
 * end.
 */
import type { Violation } from "../audit/auditor.ts";
import { auditAtRest } from "../audit/rest-audit.ts";
import { Cluster, hourMs } from "./cluster.ts";
import type { RunSettings } from "./run-settings.ts";
import type { Metrics } from "../audit/metrics.ts";
import { describeFaultRates } from "../plan/fault-rates.ts";
import { lifetimeMs, type Fetch } from "../platform/wechat.ts";

export type { RunSettings };

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly metrics: Metrics;
  /** Equal for equal runs. */
  readonly fingerprint: string;
  /** The rates of its faults, its scenarios and its kind of token, as one line for people. */
  readonly description: string;
  readonly scenarios: readonly string[];
}

/** The time without faults in which the fleet comes to rest. */
const restMs = hourMs / 2;
/** The refresh window, and how exactly the fleet meets its beginning. */
const advisoryMs = 900_000 + 5_000;

/**
 * Runs one cluster. A thread runs one at a time, because all clusters hear the same event channel.
 */
export async function simulate(settings: RunSettings): Promise<RunResult> {
  const cluster = new Cluster(settings);
  const unsubscribe = cluster.listen();
  try {
    return await run(cluster, settings);
  } finally {
    unsubscribe();
  }
}

async function run(cluster: Cluster, settings: RunSettings): Promise<RunResult> {
  const { world, auditor, wechat, fetches, nodes } = cluster;
  const consumers = nodes
    .filter(({ role }) => role === "consumer")
    .map(({ name }) => `${name} is a consumer`);
  const scenarios = cluster.scenarios.map(({ name }) => name);
  const description = [
    describeFaultRates(cluster.rates),
    `a ${wechat.kind} token`,
    ...consumers,
    ...scenarios,
  ].join(", ");
  const endMs = world.nowMs + settings.hours * hourMs;
  cluster.begin(endMs);
  await world.runUntil(endMs);
  const { failed, excused, calls: ended, hit, slowestMs } = cluster.availability;
  const measured = { ...auditor.metrics, failed, excused, ended, hit, slowestMs };
  cluster.stopFaults();
  await world.runUntil(endMs + restMs);
  auditAtRest(cluster, settings.reports);
  for (const { judge } of cluster.scenarios) judge?.(cluster);
  for (const { promise, what } of [...fetches.summary(), ...cluster.availability.summary()])
    auditor.violated(promise, what);
  const fetchesInTime = wechat.fetches.filter((fetch) => fetch.sentAtMs < endMs);
  const metrics: Metrics = {
    ...measured,
    nodeMs: nodes.length * settings.hours * hourMs,
    fetches: fetchesInTime.length,
    lifetimes: lifetimesOf(fetchesInTime),
  };
  return {
    seed: settings.seed,
    violations: auditor.violations,
    metrics,
    fingerprint: world.trace.fingerprint,
    description,
    scenarios,
  };
}

/**
 * Counts the credentials that were in their refresh window when the next one was requested, and the
 * last one.
 */
function lifetimesOf(fetches: readonly Fetch[]): number {
  const issued = fetches.filter(({ token }) => token !== undefined);
  return issued.filter((fetch, index) => {
    const next = issued[index + 1];
    return next === undefined || next.sentAtMs >= fetch.sentAtMs + lifetimeMs - advisoryMs;
  }).length;
}
