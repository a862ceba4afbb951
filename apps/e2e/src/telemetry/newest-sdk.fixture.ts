/**
 * A separate process that observes a credential with the newest line of OpenTelemetry, and prints
 * what the SDK received. The package is made to use that line's API.
 */
import { registerHooks } from "node:module";
import { metrics, trace } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { credential, systemClock } from "@lingpai/core";
import { scriptedIssuer } from "@lingpai/core/testing";

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

// The workspace's copy of the package has the lowest API that it supports; an application has one.
registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === "@opentelemetry/api"
      ? nextResolve(specifier, { ...context, parentURL: import.meta.url })
      : nextResolve(specifier, context),
});
const { observe } = await import("@lingpai/telemetry");

const reader = new ManualReader();
const spans = new InMemorySpanExporter();
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
);
const observation = observe();
const store = memoryStore();
const one = credential({
  issuer: scriptedIssuer({ clock: systemClock }),
  cache: memoryCache(store),
  lock: memoryLock(store),
  environment: "production",
});
const secret = await one.get();
await one.close();
const { resourceMetrics } = await reader.collect();
observation.stop();
console.log(
  JSON.stringify({
    secret: secret.reveal(),
    metrics: resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .filter(({ dataPoints }) => dataPoints.length > 0)
      .map(({ descriptor, dataPoints }) => ({ name: descriptor.name, dataPoints })),
    spans: spans.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes })),
  }),
);
