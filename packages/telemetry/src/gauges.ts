/** The values of the gauges of each credential, updated from its events until it is closed. */
import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { ClaimsFigure, CredentialEvent, Measurement, QuotaFigure } from "@lingpai/core";
import { instruments, optionsOf, type Instrument } from "./instruments.ts";
import { keyOf, type Labels } from "./labels.ts";

export interface Gauges {
  record(event: CredentialEvent): void;
  measure(measurement: Measurement): void;
  close(): void;
}

interface Observed {
  readonly attributes: Attributes;
  /** By `nowMs`. Undefined until the first credential was obtained. */
  endsAtMs?: number;
  /** By `nowMs`; where the platform does not tell, since it was first seen. */
  issuedAtMs?: number;
  generation?: number;
  isInDoubt: boolean;
  /** `perDay` is undefined where there is no limit. */
  quota?: { readonly used: number; readonly perDay: number | undefined; readonly untilMs: number };
  claims?: { readonly conflicts: number; readonly untilMs: number };
  /** When the store became unreachable. */
  awaySinceMs?: number | undefined;
}

type Whose = Pick<Measurement, "credential" | "environment" | "node">;
type AwayMs = Map<string, { readonly attributes: Attributes; ms: number }>;

interface Ended {
  readonly attributes: Attributes;
  readonly hadClaims: boolean;
  readonly untilMs: number;
}

/** Longer than readers take from one collection to the next. */
const endedForMs = 10 * 60_000;
/** How long a reading of the claims counts: longer than a token of two hours lives. */
const claimsForMs = 3 * 3_600_000;

/**
 * Credentials are distinguished by id, environment and node. Those beyond the label's limit share
 * the series `other`. A gauge that mixes several credentials would be meaningless, so it is left
 * out.
 *
 * @param nowMs a monotonic clock.
 */
export function createGauges(meter: Meter, labels: Labels, nowMs: () => number): Gauges {
  const observed = new Map<string, Observed>();
  /** The SDK repeats the last value of what is no longer observed, so a condition is ended first. */
  const ended = new Map<string, Ended>();
  /** Seconds by series. Includes closed credentials, because a counter never decreases. */
  const awayMs: AwayMs = new Map();
  const observables = observablesOf(meter);
  const all = Object.values(observables);

  const observe = (result: BatchObservableResult): void => {
    const now = nowMs();
    for (const [key, { attributes, hadClaims, untilMs }] of ended) {
      if (now >= untilMs) ended.delete(key);
      result.observe(observables.inDoubt, 0, attributes);
      if (hadClaims) result.observe(observables.claims, 0, attributes);
    }
    for (const one of observed.values()) {
      settleAway(one, now, awayMs);
      if (one.attributes["lingpai.credential.ref"] !== "other")
        observeOne(result, observables, one, now);
    }
    for (const { attributes, ms } of awayMs.values())
      result.observe(observables.away, ms / 1_000, {
        ...attributes,
        "lingpai.degraded.mode": "store",
      });
  };
  meter.addBatchObservableCallback(observe, all);

  const observedOf = (whose: Whose): Observed => {
    const key = keyOf(whose);
    const one = observed.get(key) ?? { attributes: labels.of(whose), isInDoubt: false };
    observed.set(key, one);
    ended.delete(key);
    return one;
  };

  return {
    measure(measurement) {
      if (measurement.kind === "quota" || measurement.kind === "claims")
        keep(observedOf(measurement), measurement, nowMs());
    },
    record(event) {
      const one = observedOf(event);
      update(one, event, nowMs());
      if (event.type !== "store-recovered" && event.type !== "closed") return;
      settleAway(one, nowMs(), awayMs);
      one.awaySinceMs = undefined;
      if (event.type !== "closed") return;
      observed.delete(keyOf(event));
      const { attributes, claims } = one;
      const untilMs = nowMs() + endedForMs;
      if (attributes["lingpai.credential.ref"] !== "other")
        ended.set(keyOf(event), { attributes, hadClaims: claims !== undefined, untilMs });
    },
    close() {
      meter.removeBatchObservableCallback(observe, all);
      observed.clear();
      ended.clear();
    },
  };
}

type Observables = ReturnType<typeof observablesOf>;

function observablesOf(meter: Meter) {
  return {
    remaining: observableOf(meter, instruments.remainingLifetime),
    age: observableOf(meter, instruments.age),
    generation: observableOf(meter, instruments.generation),
    inDoubt: observableOf(meter, instruments.inDoubt),
    quotaUsage: observableOf(meter, instruments.quotaUsage),
    quotaLimit: observableOf(meter, instruments.quotaLimit),
    quotaUtilization: observableOf(meter, instruments.quotaUtilization),
    claims: observableOf(meter, instruments.claimConflicts),
    away: observableOf(meter, instruments.degradedTime),
  };
}

function observeOne(
  result: BatchObservableResult,
  to: Observables,
  { attributes, claims, endsAtMs, generation, isInDoubt, issuedAtMs, quota }: Observed,
  now: number,
): void {
  if (endsAtMs !== undefined) result.observe(to.remaining, (endsAtMs - now) / 1_000, attributes);
  if (issuedAtMs !== undefined) result.observe(to.age, (now - issuedAtMs) / 1_000, attributes);
  if (generation !== undefined) result.observe(to.generation, generation, attributes);
  result.observe(to.inDoubt, isInDoubt ? 1 : 0, attributes);
  if (claims !== undefined)
    result.observe(to.claims, now < claims.untilMs ? claims.conflicts : 0, attributes);
  if (quota === undefined) return;
  const used = now < quota.untilMs ? quota.used : 0;
  const ofDay = { ...attributes, "lingpai.quota.window": "day" };
  result.observe(to.quotaUsage, used, ofDay);
  if (quota.perDay === undefined) return;
  result.observe(to.quotaLimit, quota.perDay, ofDay);
  result.observe(to.quotaUtilization, used / quota.perDay, ofDay);
}

function keep(one: Observed, figure: QuotaFigure | ClaimsFigure, now: number): void {
  if (figure.kind === "claims") {
    one.claims = { conflicts: figure.conflicts, untilMs: now + claimsForMs };
    return;
  }
  const { perDay, resetsInMs, used } = figure;
  one.quota = {
    used,
    perDay: perDay === Number.MAX_SAFE_INTEGER ? undefined : perDay,
    untilMs: now + resetsInMs,
  };
}

function update(one: Observed, event: CredentialEvent, now: number): void {
  switch (event.type) {
    case "refreshed":
      one.endsAtMs = now + event.remainingMs;
      one.generation = event.generation;
      if (!event.unchanged) one.issuedAtMs = now;
      return;
    case "adopted":
      one.endsAtMs = now + event.remainingMs;
      one.generation = event.generation;
      one.issuedAtMs = now - (event.lagMs ?? 0);
      return;
    case "repaired":
    case "kept-stale":
      one.endsAtMs = now + event.remainingMs;
      one.generation = event.generation;
      return;
    case "in-doubt":
      one.isInDoubt = true;
      return;
    case "reconciled":
      one.isInDoubt = false;
      return;
    case "store-unavailable":
      one.awaySinceMs ??= now;
      return;
    default:
  }
}

/** Adds the time since the last collection to the series of the credential. */
function settleAway(one: Observed, now: number, awayMs: AwayMs): void {
  if (one.awaySinceMs === undefined) return;
  const { attributes } = one;
  const key = JSON.stringify(attributes);
  const sum = awayMs.get(key) ?? { attributes, ms: 0 };
  sum.ms += now - one.awaySinceMs;
  one.awaySinceMs = now;
  awayMs.set(key, sum);
}

function observableOf(meter: Meter, instrument: Instrument): Observable {
  const { kind, name } = instrument;
  const options = optionsOf(instrument);
  if (kind === "observable counter") return meter.createObservableCounter(name, options);
  if (kind === "gauge") return meter.createObservableGauge(name, options);
  return meter.createObservableUpDownCounter(name, options);
}
