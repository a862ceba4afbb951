import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { observe } from "../observe.ts";
import { publishEveryEvent } from "./every-event.fixture.ts";

/**
 * The response of the JavaScript exporter to a scrape of a process in which every event happened.
 */
export async function exporterScrape(): Promise<string> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const observation = observe({ meter: provider.getMeter("@lingpai/telemetry") });
  publishEveryEvent();
  const { resourceMetrics } = await exporter.collect();
  observation.stop();
  await provider.shutdown();
  return new PrometheusSerializer().serialize(resourceMetrics);
}

/** The names of the series of a scrape in Prometheus's text format. */
export function namesIn(scrape: string): Set<string> {
  return new Set(
    scrape
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/[{ ].*$/u, "")),
  );
}

/** The names of Lingpai's series in a PromQL expression, recorded ones included, without labels. */
export function namesRead(expression: string): string[] {
  const bare = expression.replaceAll(/\{[^{}]*\}|\b(?:by|on) \([^)]*\)/gu, "");
  return bare.match(/\blingpai[_:][a-z0-9_:]*(?=[\s)[{]|$)/gu) ?? [];
}
