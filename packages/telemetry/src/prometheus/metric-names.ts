/**
 * The name of an instrument in Prometheus, which depends on the way of the measurement.
 *
 * `exporter`: the JavaScript Prometheus exporter, which adds `_total` to counters and no unit
 * (@opentelemetry/exporter-prometheus 0.223 and 0.301, read 2026-11-29). `collector`: OTLP through
 * a collector or into Prometheus itself, which add the unit as well, and `_ratio` for a gauge of
 * unit 1 (OpenTelemetry's "Prometheus and OpenMetrics Compatibility", and the collector's
 * prometheus exporter 0.161, read 2026-11-29).
 */
import { instruments } from "../instruments.ts";
import type { Instrument } from "../instruments.ts";

export type Naming = "exporter" | "collector";

export type InstrumentKey = keyof typeof instruments;

const unitSuffixes: Readonly<Record<string, string>> = { s: "_seconds", "1": "_ratio" };

/**
 * The series name of a gauge or a counter. For a histogram: the stem before `_bucket` and `_count`.
 */
export function metricName(key: InstrumentKey, naming: Naming): string {
  const { kind, name, unit }: Instrument = instruments[key];
  const stem = name.replaceAll(/[^a-z0-9]/gu, "_");
  const suffix = naming === "collector" ? (unitSuffixes[unit] ?? "") : "";
  const isCounter = kind === "counter" || kind === "observable counter";
  return `${stem}${suffix}${isCounter ? "_total" : ""}`;
}

/** The names of series in PromQL for one naming. */
export interface Series {
  of(key: InstrumentKey, matchers?: string): string;
  /** The number of measurements of a histogram. */
  countOf(key: InstrumentKey, matchers?: string): string;
  bucketOf(key: InstrumentKey): string;
}

export function seriesIn(naming: Naming): Series {
  const series = (name: string, matchers: string | undefined): string =>
    matchers === undefined ? name : `${name}{${matchers}}`;
  return {
    of: (key, matchers) => series(metricName(key, naming), matchers),
    countOf: (key, matchers) => series(`${metricName(key, naming)}_count`, matchers),
    bucketOf: (key) => `${metricName(key, naming)}_bucket`,
  };
}
