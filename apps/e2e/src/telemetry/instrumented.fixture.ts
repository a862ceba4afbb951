/**
 * A process with OpenTelemetry's instrumentations of http, undici, ioredis, redis, pino and fastify
 * installed together, in which tokens are fetched, used, refused and handed out by a token server:
 * `node instrumented.fixture.ts PORT sealed|unsealed masked|unmasked`. It prints, as JSON, the
 * secrets and the text of all that telemetry was given.
 */
import { subscribe } from "node:diagnostics_channel";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import type { pino as pinoType } from "pino";
import { FastifyOtelInstrumentation } from "@fastify/otel";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { IORedisInstrumentation } from "@opentelemetry/instrumentation-ioredis";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { RedisInstrumentation } from "@opentelemetry/instrumentation-redis";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

const [port = "", sealing = "sealed", masking = "masked"] = process.argv.slice(2);

/** Whoever fetches or sends a token over HTTP publishes the request itself there. */
const ofHttp = ["undici:request:create", "http.client.request.start", "http.server.request.start"];
const ofDrivers = ["ioredis", "node-redis"].flatMap((driver) =>
  ["command", "connect", "batch"].flatMap((what) =>
    ["start", "end", "asyncStart", "asyncEnd", "error"].map(
      (step) => `tracing:${driver}:${what}:${step}`,
    ),
  ),
);
const ofLingpai = ["get", "refresh"].flatMap((what) =>
  ["start", "end", "asyncStart", "asyncEnd", "error"].map(
    (step) => `tracing:lingpai:${what}:${step}`,
  ),
);
const shown = { channels: "", http: "", logs: "", metrics: "", spans: "" };
const show = (sink: keyof typeof shown) => (message: unknown, name: string | symbol) =>
  void (shown[sink] +=
    `${String(name)} ${inspect(message, { depth: 5, maxStringLength: 10_000 })}\n`);
for (const name of ofHttp) subscribe(name, show("http"));
for (const name of ["lingpai:credential", ...ofDrivers, ...ofLingpai])
  subscribe(name, show("channels"));

// Instrumentations first: they patch what is loaded after them.
const { maskTokens, logEvents, observe } = await import("@lingpai/telemetry");
const kept = new InMemorySpanExporter();
const traces = new TracerProvider({
  spanProcessors: [
    ...(masking === "masked" ? [maskTokens()] : []),
    new SimpleSpanProcessor({ exporter: kept }),
  ],
});
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured });
const meters = new MeterProvider({ readers: [reader] });
const fastifyTracing = new FastifyOtelInstrumentation();
for (const instrumentation of [
  new HttpInstrumentation(),
  new UndiciInstrumentation(),
  new IORedisInstrumentation({ requireParentSpan: false }),
  new RedisInstrumentation(),
  new PinoInstrumentation(),
  fastifyTracing,
]) {
  instrumentation.setTracerProvider(traces);
  instrumentation.setMeterProvider(meters);
}
// The hooks see `require`, not `import`; both then share one module.
const require = createRequire(import.meta.url);
for (const name of ["node:http", "ioredis", "@redis/client"]) require(name);
syncBuiltinESMExports();
const pino = require("pino") as typeof pinoType;

const { default: Fastify } = await import("fastify");
const { getRequestListener } = await import("@hono/node-server");
const { eventLog } = await import("@lingpai/event-log");
const { serverKeys, tokenServer } = await import("@lingpai/server");
const { wechat } = await import("@lingpai/wechat");
const { createSimulator } = await import("@lingpai/wechat-simulator");
const { listen } = await import("@lingpai/wechat-simulator/server");
const { ioredisStore } = await import("@lingpai/adapter-ioredis");
const { nodeRedisStore } = await import("@lingpai/adapter-node-redis");
const { Redis } = await import("ioredis");
const { createClient } = await import("@redis/client");

const lines = new PassThrough();
lines.on("data", (chunk) => (shown.logs += String(chunk)));
const logger = pino({ level: "trace" }, lines);
const stopLogging = logEvents(logger);
const observation = observe({
  meter: meters.getMeter("@lingpai/telemetry"),
  tracer: traces.getTracer("@lingpai/telemetry"),
});

const account = { appId: "wx0123456789abcdef", secret: "9f3b7c5d1e8a2046b7d9c1f3e5a80264" };
const simulator = createSimulator({ accounts: [account] });
const platform = await listen(simulator);
const seal = sealing === "sealed" ? { seal: Buffer.alloc(32, 7).toString("base64") } : {};
const ioredis = new Redis(Number(port), "127.0.0.1");
const nodeRedis = await createClient({ url: `redis://127.0.0.1:${port}` }).connect();
const secrets = new Set([account.secret]);
for (const [environment, store] of [
  ["first", ioredisStore(ioredis, seal)],
  ["second", nodeRedisStore(nodeRedis, seal)],
] as const) {
  const client = wechat({ ...account, environment, store, baseUrl: platform.url });
  secrets.add((await client.credential.get()).reveal());
  await client.request("/cgi-bin/get_api_domain_ip");
  simulator.operator.kill(account.appId, { kind: "stable" });
  await client.request("/cgi-bin/get_api_domain_ip");
  secrets.add((await client.credential.get()).reveal());
  const keys = serverKeys({ cache: store.cache });
  const log = eventLog({ cache: store.cache });
  const server = tokenServer({ credentials: [client], keys, log });
  const { key } = await keys.create({ name: "app", rights: ["read"], refs: ["*"] });
  secrets.add(key);
  const app = Fastify({ loggerInstance: logger, disableRequestLogging: true });
  await app.register(fastifyTracing.plugin());
  const listener = getRequestListener(server.handle);
  app.all("/*", (request, reply) => {
    reply.hijack();
    void listener(request.raw, reply.raw);
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/v1/credentials/${client.credential.id}`, { headers });
  await answer.text();
  await (await fetch(`${url}/cgi-bin/token?appid=${account.appId}&secret=${key}`)).text();
  logger.info({ ref: client.credential.id, status: answer.status }, "handed out");
  await app.close();
  await server.close();
  await log.close();
  await client.close();
}
await reader.forceFlush();
shown.metrics = inspect(measured.getMetrics(), { depth: 12 });
shown.spans = inspect(
  kept.getFinishedSpans().map(({ name, attributes, events, status, links }) => ({
    name,
    attributes,
    events,
    status,
    links,
  })),
  { depth: 8, maxArrayLength: null, maxStringLength: null },
);
observation.stop();
stopLogging();
ioredis.disconnect();
nodeRedis.destroy();
await platform.close();
process.stdout.write(JSON.stringify({ secrets: [...secrets], shown }), () => process.exit(0));
