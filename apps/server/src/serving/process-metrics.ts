/** The metrics of this process's credentials, as Prometheus reads them. */
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { observe } from "@lingpai/telemetry";

export interface ProcessMetrics {
  /** Prometheus's text format, with the names that the rules of the `exporter` naming read. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/** Observes every credential of the process until it is closed. */
export function processMetrics(): ProcessMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const observation = observe({ meter: provider.getMeter("@lingpai/telemetry") });
  const serializer = new PrometheusSerializer();
  return {
    async text() {
      const { errors, resourceMetrics } = await exporter.collect();
      if (errors.length > 0)
        throw new AggregateError(errors, "The metrics could not be collected.");
      return serializer.serialize(resourceMetrics);
    },
    async close() {
      observation.stop();
      await provider.shutdown();
    },
  };
}
