/** Counts and times the reported events. */
import type { Attributes, AttributeValue, Meter } from "@opentelemetry/api";
import type { CredentialEvent, EventContext, Measurement as Figure } from "@lingpai/core";
import { instruments, optionsOf, type Instrument } from "./instruments.ts";
import type { Labels } from "./labels.ts";

/** One value of one instrument, without the attributes that all have. */
export interface Measurement {
  readonly instrument: Instrument;
  readonly value: number;
  readonly attributes: Attributes;
}

/**
 * Makes the counters and histograms. Returns a function that adds to them, for the named
 * credential.
 */
export function createMetrics(
  meter: Meter,
  labels: Labels,
): (
  of: Pick<EventContext, "credential" | "environment">,
  measurements: readonly Measurement[],
) => void {
  const adders = new Map<string, (value: number, attributes: Attributes) => void>();
  for (const instrument of Object.values<Instrument>(instruments)) {
    const add = instrumentOf(meter, instrument);
    if (add !== undefined) adders.set(instrument.name, add);
  }
  return (of, measurements) => {
    for (const { instrument, value, attributes } of measurements)
      adders.get(instrument.name)?.(value, {
        ...(instrument.isOfProcess === true ? labels.ofProcess(of) : labels.of(of)),
        ...attributes,
      });
  };
}

/** Returns the values that one event adds. */
export function measurementsOf(
  event: CredentialEvent,
  labels: Pick<Labels, "code">,
): readonly Measurement[] {
  switch (event.type) {
    case "refreshed":
      return asked(event.durationMs, "ok", {
        "lingpai.refresh.reason": event.reason,
        "lingpai.refresh.outcome": event.unchanged ? "same" : "committed",
      });
    case "commit-superseded":
      return [
        ...asked(event.durationMs, "ok", { "lingpai.refresh.outcome": "superseded" }),
        one(instruments.commitConflicts, { "lingpai.conflict.kind": "superseded" }),
      ];
    case "refresh-failed":
    case "refused-fatally":
      return asked(event.durationMs, event.type === "refresh-failed" ? event.outcome : "fatal", {
        "lingpai.refresh.reason": event.reason,
        "lingpai.refresh.outcome": "failed",
        "error.type": labels.code(event.platformCode ?? event.errorCode),
      });
    case "rejected":
      return [
        one(instruments.rejections, {
          "lingpai.rejection.code": labels.code(event.platformCode ?? "none"),
          "lingpai.rejection.verdict": event.verdict,
        }),
      ];
    case "adopted":
      return event.lagMs === undefined
        ? []
        : [measured(instruments.notificationLag, Math.max(0, event.lagMs) / 1_000, {})];
    default:
      return counted(event);
  }
}

/** The events that are only counted. */
function counted(event: CredentialEvent): readonly Measurement[] {
  switch (event.type) {
    case "in-doubt":
      return [
        one(instruments.commitConflicts, { "lingpai.conflict.kind": "doubt" }),
        ...(event.singleUseInput === true ? [one(instruments.rotationInDoubt, {})] : []),
      ];
    case "kept-stale":
      return [one(instruments.staleStarts, { "lingpai.stale.cause": event.cause })];
    case "lock-lost":
      return [one(instruments.lockLosses, { "lingpai.lock.cause": event.reason })];
    case "store-regressed":
      return [one(instruments.storeRegressions, {})];
    case "repaired":
      return [one(instruments.storeRepairs, {})];
    case "contended":
      return [one(instruments.foreignRefreshes, { "lingpai.foreign.state": event.state })];
    case "unreadable":
      return [one(instruments.recordsUnreadable, { "lingpai.record.cause": event.reason })];
    case "poisoned":
      return [one(instruments.recordsOutOfRange, { "lingpai.record.field": event.field })];
    case "unsealed-and-traced":
      return [one(instruments.tracedSecrets, {})];
    case "clock-jumped":
      return [one(instruments.clockJump, { "lingpai.clock.where": event.where })];
    default:
      return [];
  }
}

/** What one figure of core's channel of measurements adds. */
export function measurementsOfFigure(
  figure: Figure,
  labels: Pick<Labels, "code">,
): readonly Measurement[] {
  switch (figure.kind) {
    case "store":
      return [
        measured(instruments.storeDuration, figure.durationMs / 1_000, {
          "lingpai.store.operation": figure.operation,
          ...(figure.errorCode !== undefined && { "error.type": labels.code(figure.errorCode) }),
        }),
      ];
    case "lock-wait":
    case "lock-hold": {
      const { lockHoldDuration, lockWaitDuration } = instruments;
      const instrument = figure.kind === "lock-wait" ? lockWaitDuration : lockHoldDuration;
      const attributes = { "lingpai.lock.outcome": figure.outcome };
      return [measured(instrument, figure.durationMs / 1_000, attributes)];
    }
    case "repeated":
      return [fetch(figure.outcome, labels.code(figure.errorCode))];
    default:
      return [];
  }
}

/**
 * Returns the values of a refresh that asked the platform. A request that was never sent is no
 * fetch.
 */
function asked(durationMs: number, outcome: string, attributes: Attributes): Measurement[] {
  const error = attributes["error.type"];
  return [
    measured(instruments.refreshDuration, durationMs / 1_000, attributes),
    ...(outcome === "unsent" ? [] : [fetch(outcome, error)]),
  ];
}

function fetch(outcome: string, error: AttributeValue | undefined): Measurement {
  return one(instruments.fetches, {
    "lingpai.provider.outcome": outcome,
    ...(error !== undefined && { "error.type": error }),
  });
}

function one(instrument: Instrument, attributes: Attributes): Measurement {
  return measured(instrument, 1, attributes);
}

export function measured(
  instrument: Instrument,
  value: number,
  attributes: Attributes,
): Measurement {
  return { instrument, value, attributes };
}

/** Undefined for an instrument that is observed at collection. */
function instrumentOf(
  meter: Meter,
  instrument: Instrument,
): ((value: number, attributes: Attributes) => void) | undefined {
  const { name, kind } = instrument;
  if (kind === "counter") {
    const counter = meter.createCounter(name, optionsOf(instrument));
    return (value, attributes) => counter.add(value, attributes);
  }
  if (kind === "histogram") {
    const histogram = meter.createHistogram(name, optionsOf(instrument));
    return (value, attributes) => histogram.record(value, attributes);
  }
  return undefined;
}
