/** The values of the gauges of each credential, updated from its events until it is closed. */
import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { CredentialEvent } from "@lingpai/core";
import { instruments, optionsOf, type Instrument } from "./instruments.ts";
import { keyOf, type Labels } from "./labels.ts";

export interface Gauges {
  record(event: CredentialEvent): void;
  close(): void;
}

interface Observed {
  readonly attributes: Attributes;
  /** By `nowMs`. Undefined until the first credential was obtained. */
  endsAtMs?: number;
  generation?: number;
  isInDoubt: boolean;
  quota?: { readonly used: number; readonly untilMs: number };
  /** When the store became unreachable. */
  awaySinceMs?: number | undefined;
}

/**
 * Credentials are distinguished by id, environment and node. Those beyond the label's limit share
 * the series `other`. A gauge that mixes several credentials would be meaningless, so it is left
 * out.
 *
 * @param nowMs a monotonic clock.
 */
export function createGauges(meter: Meter, labels: Labels, nowMs: () => number): Gauges {
  const observed = new Map<string, Observed>();
  /** Seconds by series. Includes closed credentials, because a counter never decreases. */
  const awayMs = new Map<string, { readonly attributes: Attributes; ms: number }>();
  const observables = {
    remaining: gaugeOf(meter, instruments.remainingLifetime),
    generation: gaugeOf(meter, instruments.generation),
    inDoubt: gaugeOf(meter, instruments.inDoubt),
    quota: gaugeOf(meter, instruments.quotaUtilization),
    away: meter.createObservableCounter(
      instruments.degradedTime.name,
      optionsOf(instruments.degradedTime),
    ),
  };
  const all = Object.values(observables);

  const observe = (result: BatchObservableResult): void => {
    const now = nowMs();
    for (const one of observed.values()) {
      settleAway(one, now, awayMs);
      const { attributes } = one;
      if (attributes["lingpai.credential.ref"] === "other") continue;
      if (one.endsAtMs !== undefined)
        result.observe(observables.remaining, (one.endsAtMs - now) / 1_000, attributes);
      if (one.generation !== undefined)
        result.observe(observables.generation, one.generation, attributes);
      result.observe(observables.inDoubt, one.isInDoubt ? 1 : 0, attributes);
      const quota = one.quota !== undefined && now < one.quota.untilMs ? one.quota.used : 0;
      result.observe(observables.quota, quota, attributes);
    }
    for (const { attributes, ms } of awayMs.values())
      result.observe(observables.away, ms / 1_000, {
        ...attributes,
        "lingpai.degraded.mode": "store",
      });
  };
  meter.addBatchObservableCallback(observe, all);

  return {
    record(event) {
      const key = keyOf(event);
      const one = observed.get(key) ?? { attributes: labels.of(event), isInDoubt: false };
      observed.set(key, one);
      update(one, event, nowMs());
      if (event.type === "store-recovered") {
        settleAway(one, nowMs(), awayMs);
        one.awaySinceMs = undefined;
      }
      if (event.type === "closed") {
        settleAway(one, nowMs(), awayMs);
        observed.delete(key);
      }
    },
    close() {
      meter.removeBatchObservableCallback(observe, all);
      observed.clear();
    },
  };
}

function update(one: Observed, event: CredentialEvent, now: number): void {
  switch (event.type) {
    case "refreshed":
    case "adopted":
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
    case "quota-threshold":
      one.quota = { used: event.percent / 100, untilMs: now + event.resetsInMs };
      return;
    case "store-unavailable":
      one.awaySinceMs ??= now;
      return;
    default:
  }
}

/** Adds the time since the last collection to the series of the credential. */
function settleAway(
  one: Observed,
  now: number,
  awayMs: Map<string, { readonly attributes: Attributes; ms: number }>,
): void {
  if (one.awaySinceMs === undefined) return;
  const { attributes } = one;
  const key = JSON.stringify(attributes);
  const sum = awayMs.get(key) ?? { attributes, ms: 0 };
  sum.ms += now - one.awaySinceMs;
  one.awaySinceMs = now;
  awayMs.set(key, sum);
}

function gaugeOf(meter: Meter, instrument: Instrument): Observable {
  return meter.createObservableGauge(instrument.name, optionsOf(instrument));
}
