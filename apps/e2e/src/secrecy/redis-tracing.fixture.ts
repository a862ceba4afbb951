/**
 * OpenTelemetry's instrumentation of both Redis clients, which keeps every span. It must be
 * imported before the clients, because it patches them as they load.
 */
import { createRequire } from "node:module";
import { IORedisInstrumentation } from "@opentelemetry/instrumentation-ioredis";
import { RedisInstrumentation } from "@opentelemetry/instrumentation-redis";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
for (const instrumentation of [
  new IORedisInstrumentation({ requireParentSpan: false }),
  new RedisInstrumentation(),
]) {
  instrumentation.setTracerProvider(provider);
}
// The hooks see `require`, not `import`; both then share one module.
const require = createRequire(import.meta.url);
for (const client of ["ioredis", "@redis/client"]) require(client);

/** Returns all finished spans as text. */
export async function spans(): Promise<string> {
  await provider.forceFlush();
  return JSON.stringify(
    exporter
      .getFinishedSpans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
}
