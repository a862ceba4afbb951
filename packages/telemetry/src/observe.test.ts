import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { MeterProvider, MetricReader, type DataPoint } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { credential, type Credential } from "@lingpai/core";
import {
  during,
  manualClock,
  scriptedIssuer,
  seededRandom,
  simulatedStore,
  type ManualClock,
  type ScriptedIssuer,
  type SimulatedStore,
} from "@lingpai/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { observe, type Observation, type ObserveOptions } from "./observe.ts";

/** A reader that collects on request. */
class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

let clock: ManualClock;
let store: SimulatedStore;
let platform: ScriptedIssuer;
let reader: ManualReader;
let spans: InMemorySpanExporter;
let observation: Observation;
let provider: BasicTracerProvider;
const open: Credential[] = [];

function start(options: ObserveOptions = {}): Observation {
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  return observe({ meter, tracer: provider.getTracer("test"), clock, ...options });
}

function node(name: string, issuer: ScriptedIssuer = platform): Credential {
  const made = credential({
    issuer,
    cache: store.cache(),
    lock: store.lock(),
    environment: "production",
    node: name,
    clock,
    random: seededRandom(name),
  });
  open.push(made);
  return made;
}

/** Lets virtual time pass until the work is done. */
const done = <T>(work: Promise<T>): Promise<T> => during(clock, work, 10);

/** Returns the points of a metric: values with their attributes, without those that all have. */
async function points(name: string): Promise<{ value: unknown; attributes: object }[]> {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const found = metrics.find(({ descriptor }) => descriptor.name === name);
  const all = (found?.dataPoints ?? []) as DataPoint<unknown>[];
  return all.map(({ value, attributes }) => {
    const {
      "lingpai.credential.ref": ref,
      "lingpai.environment": environment,
      ...own
    } = attributes;
    expect(environment).toBe("production");
    expect(ref).toBeTypeOf("string");
    return { value, attributes: own };
  });
}

function finished(name: string): ReadableSpan[] {
  return spans.getFinishedSpans().filter((span) => span.name === name);
}

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  clock = manualClock();
  store = simulatedStore({ clock, random: seededRandom("store"), pushesChanges: true });
  platform = scriptedIssuer({ clock, latencyMs: 200 });
  reader = new ManualReader();
  spans = new InMemorySpanExporter();
  provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  observation = start();
});

afterEach(async () => {
  observation.stop();
  for (const one of open.splice(0)) await done(one.close());
  context.disable();
});

describe("the metrics of a fleet", () => {
  test("count one fetch, however many nodes use the credential, and time each node's first call", async () => {
    await done(node("a").get());
    await done(node("b").get());
    expect(await points("lingpai.provider.fetches")).toEqual([
      { value: 1, attributes: { "lingpai.provider.outcome": "ok" } },
    ]);
    expect(await points("lingpai.refresh.duration")).toMatchObject([
      {
        value: { count: 1 },
        attributes: { "lingpai.refresh.reason": "cold", "lingpai.refresh.outcome": "committed" },
      },
    ]);
    expect(await points("lingpai.get.duration")).toMatchObject([
      { value: { count: 1 }, attributes: { "lingpai.get.source": "refresh" } },
      { value: { count: 1 }, attributes: { "lingpai.get.source": "store" } },
    ]);
  });

  test("show the generation and the remaining lifetime as time passes", async () => {
    await done(node("a").get());
    await clock.advance(1_000_000);
    expect(await points("lingpai.credential.generation")).toEqual([{ value: 1, attributes: {} }]);
    const [remaining] = await points("lingpai.credential.remaining_lifetime");
    expect(remaining?.value).toBeCloseTo(platform.lifetimeMs / 1_000 - 1_000, -1);
  });

  test("forget a credential that was closed", async () => {
    const one = node("a");
    await done(one.get());
    await done(one.close());
    expect(await points("lingpai.credential.generation")).toEqual([]);
  });

  test("have the platform's code of a failed fetch and of a refusal", async () => {
    platform.script(
      ...Array.from({ length: 3 }, () => ({ outcome: "busy", platformCode: "-1" }) as const),
    );
    const one = node("a");
    const secret = await done(one.get());
    await done(one.reject(secret, { platformCode: "40001" }));
    // Two of them were repeated at once, and the platform counts those too.
    expect(await points("lingpai.provider.fetches")).toContainEqual({
      value: 3,
      attributes: { "lingpai.provider.outcome": "busy", "error.type": "-1" },
    });
    expect(await points("lingpai.provider.rejections")).toEqual([
      {
        value: 1,
        attributes: { "lingpai.rejection.code": "40001", "lingpai.rejection.verdict": "current" },
      },
    ]);
  });

  test("put all credentials beyond the limit into one series, which has no gauges", async () => {
    observation.stop();
    reader = new ManualReader();
    observation = start({ maxRefs: 2 });
    for (const id of ["one", "two", "three", "four"])
      await done(node(id, scriptedIssuer({ clock, id, latencyMs: 10 })).get());
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const refsOf = (name: string): unknown[] =>
      all
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints as DataPoint<unknown>[])
        .map(({ attributes }) => attributes["lingpai.credential.ref"]);
    expect(refsOf("lingpai.provider.fetches")).toEqual(["one", "two", "other"]);
    expect(refsOf("lingpai.credential.generation")).toEqual(["one", "two"]);
  });

  test("stop when the observation ends", async () => {
    observation.stop();
    await done(node("a").get());
    expect(await points("lingpai.provider.fetches")).toEqual([]);
    expect(spans.getFinishedSpans()).toEqual([]);
  });
});

describe("the spans of a fleet", () => {
  test("make a refresh the root of a trace, linked to the call that caused it and by those that waited", async () => {
    const one = node("a");
    const tracer = provider.getTracer("business");
    const first = tracer.startSpan("GET /orders");
    const second = tracer.startSpan("GET /users");
    await done(
      Promise.all(
        [first, second].map((span) =>
          context.with(trace.setSpan(context.active(), span), () => one.get()),
        ),
      ),
    );
    first.end();
    second.end();
    const [refresh, ...others] = finished("lingpai.refresh");
    expect(others).toEqual([]);
    expect(refresh?.parentSpanContext).toBeUndefined();
    const refreshId = refresh?.spanContext().spanId;
    const gets = finished("lingpai.get");
    expect(gets.map((span) => span.parentSpanContext?.spanId)).toEqual([
      first.spanContext().spanId,
      second.spanContext().spanId,
    ]);
    for (const span of gets)
      expect(span.links.map((link) => link.context.spanId)).toEqual([refreshId]);
    for (const span of [...finished("GET /orders"), ...finished("GET /users")])
      expect(span.attributes).toEqual({ "lingpai.get.source": "refresh" });
    expect(refresh?.links).toHaveLength(1);
  });

  test("run the refresh inside its own span, so that the store's spans are its children", async () => {
    const seen = new Set<string | undefined>();
    const { issue } = platform;
    const watched = {
      ...platform,
      issue: (request: Parameters<typeof issue>[0]) => {
        seen.add(trace.getActiveSpan()?.spanContext().spanId);
        return issue.call(platform, request);
      },
    };
    await done(node("a", watched as ScriptedIssuer).get());
    expect([...seen]).toEqual(finished("lingpai.refresh").map((span) => span.spanContext().spanId));
  });

  test("show why a call failed, by the error's code alone", async () => {
    platform.script({ outcome: "fatal", platformCode: "40125" });
    await expect(done(node("a").get())).rejects.toMatchObject({ code: "CREDENTIAL_UNAVAILABLE" });
    const [get] = finished("lingpai.get");
    expect(get?.attributes["error.type"]).toBe("CREDENTIAL_UNAVAILABLE");
    expect(get?.events).toEqual([]);
  });

  test("are not made for a call that was served from memory", async () => {
    const one = node("a");
    await done(one.get());
    spans.reset();
    await one.get();
    one.peek();
    expect(spans.getFinishedSpans()).toEqual([]);
  });
});

test("contain at most seven characters of a secret in sequence, and so do the metrics", async () => {
  const one = node("a");
  const secret = await done(one.get());
  await done(one.reject(secret, { platformCode: "40001" }));
  const told =
    JSON.stringify((await reader.collect()).resourceMetrics.scopeMetrics) +
    spans
      .getFinishedSpans()
      .map(({ name, attributes, links, events, status }) =>
        JSON.stringify({ name, attributes, links, events, status }),
      )
      .join();
  expect(told).toContain("lingpai.refresh");
  for (const text of [secret.reveal(), (await done(one.get())).reveal()])
    for (let at = 0; at + 8 <= text.length; at += 1)
      expect(told).not.toContain(text.slice(at, at + 8));
});

test.each([
  [{ maxRefs: 0 }, "maxRefs"],
  [{ maxRefs: 1.5 }, "maxRefs"],
  [{ maxRefs: "2" }, "maxRefs must be a number, not a text"],
  [{ meter: {} }, "meter must be an object with"],
  [{ tracer: () => {} }, "tracer must be an object, not a function"],
  [{ clock: 1 }, "clock must be an object with"],
  [{ maxReferences: 3 }, 'no "maxReferences"'],
  [null, "observe()"],
  ["text", "observe()"],
])("observe(%j) is refused with a text that names the cause", (options, text) => {
  expect(() => observe(options as ObserveOptions)).toThrow(text);
});
