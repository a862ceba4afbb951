import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { metrics, trace, type Meter, type Tracer } from "@opentelemetry/api";
import {
  ConfigurationError,
  eventChannelName,
  measurementChannelName,
  requireOptions,
  requireShape,
  systemClock,
  type Clock,
  type CredentialEvent,
  type Measurement,
} from "@lingpai/core";
import type { KindsOf } from "@lingpai/core";
import { createGauges } from "./gauges.ts";
import { instruments } from "./instruments.ts";
import { createLabels } from "./labels.ts";
import { createMetrics, measured, measurementsOf, measurementsOfFigure } from "./metrics.ts";
import { errorType, traceCalls } from "./spans.ts";

export interface ObserveOptions {
  /** @defaultValue the global meter provider's meter `@lingpai/telemetry` */
  readonly meter?: Meter;
  /** @defaultValue the global tracer provider's tracer `@lingpai/telemetry` */
  readonly tracer?: Tracer;
  /**
   * How many credentials have series of their own, 1 to 100 000. Those seen later share `other`.
   * @defaultValue 1000
   */
  readonly maxRefs?: number;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
}

export interface Observation {
  /** Ends the observation. Counts stay as they are. */
  stop(): void;
}

/** The limit of error codes as labels. The platform has some hundreds of codes. */
const codesMax = 200;
const kinds = {
  clock: "clock",
  maxRefs: "number",
  meter: "object",
  tracer: "object",
} satisfies KindsOf<ObserveOptions>;

/**
 * Makes OpenTelemetry metrics and spans of all credentials of this process, including those created
 * later. Call it once, after the SDK was started. No secret, no AppSecret and no text of a response
 * becomes an attribute.
 *
 * @throws {ConfigurationError} An option is unknown or invalid.
 */
export function observe(options: ObserveOptions = {}): Observation {
  requireOptions("observe()", options, kinds);
  const remedy = "Leave it out for the global provider's.";
  if (options.meter !== undefined)
    requireShape("meter", options.meter, ["createCounter", "createObservableGauge"], remedy);
  if (options.tracer !== undefined) requireShape("tracer", options.tracer, ["startSpan"], remedy);
  const {
    meter = metrics.getMeter("@lingpai/telemetry"),
    tracer = trace.getTracer("@lingpai/telemetry"),
    maxRefs = 1_000,
    clock = systemClock,
  } = options;
  if (!Number.isInteger(maxRefs) || maxRefs < 1 || maxRefs > 100_000)
    throw new ConfigurationError(
      `maxRefs is ${String(maxRefs)}. Give a whole number, 1 to 100000.`,
    );
  const labels = createLabels({ refs: maxRefs, codes: codesMax });
  const nowMs = (): number => clock.monotonicMs();
  const gauges = createGauges(meter, labels, nowMs);
  const record = createMetrics(meter, labels);
  const onEvent = (message: unknown): void => {
    const event = message as CredentialEvent;
    record(event, measurementsOf(event, labels));
    gauges.record(event);
  };
  const onMeasurement = (message: unknown): void => {
    const measurement = message as Measurement;
    record(measurement, measurementsOfFigure(measurement, labels));
    gauges.measure(measurement);
  };
  subscribe(eventChannelName, onEvent);
  subscribe(measurementChannelName, onMeasurement);
  const stopTracing = traceCalls({
    tracer,
    labels,
    nowMs,
    onGet: (call, durationMs) =>
      record(call, [
        measured(instruments.getDuration, durationMs / 1_000, {
          "lingpai.get.source": call.source ?? "none",
          ...(call.error !== undefined && { "error.type": errorType(call.error) }),
        }),
      ]),
  });
  return {
    stop() {
      unsubscribe(eventChannelName, onEvent);
      unsubscribe(measurementChannelName, onMeasurement);
      stopTracing();
      gauges.close();
    },
  };
}
