/**
 * `pnpm --filter @lingpai/telemetry run collector`, which needs Go. Builds OpenTelemetry's
 * collector, sends it by OTLP the measurements of a process in which every event happened, scrapes
 * it as Prometheus would, and writes the response to `collector-scrape.txt`, which the tests read.
 * Run it when an instrument or the collector's version changes.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { freePorts, until } from "@lingpai/test-servers";
import { observe } from "../observe.ts";
import { publishEveryEvent } from "./every-event.fixture.ts";
import { packageFolder } from "./files.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lingpai-collector-"));
const program = join(folder, "collector");
execFileSync("go", ["build", "-mod=readonly", "-o", program, "."], {
  cwd: join(packageFolder, "collector"),
  stdio: "inherit",
});
const [otlp, scraped] = (await freePorts(2)) as [number, number];
const config = {
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
  exporters: { prometheus: { endpoint: `127.0.0.1:${scraped}` } },
  service: {
    telemetry: { metrics: { level: "none" } },
    pipelines: { metrics: { receivers: ["otlp"], exporters: ["prometheus"] } },
  },
};
const collector = spawn(program, [`yaml:${JSON.stringify(config)}`], { stdio: "inherit" });
try {
  const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${otlp}/v1/metrics` });
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const observation = observe({ meter: provider.getMeter("@lingpai/telemetry") });
  publishEveryEvent();
  const text = await until("the collector shows what it was sent", async () => {
    await provider.forceFlush();
    const answer = await (await fetch(`http://127.0.0.1:${scraped}/metrics`)).text();
    return answer.includes("lingpai_") && answer;
  });
  writeFileSync(join(import.meta.dirname, "collector-scrape.txt"), text);
  observation.stop();
  await provider.shutdown();
} finally {
  collector.kill();
  rmSync(folder, { recursive: true });
}
