import { channel } from "node:diagnostics_channel";
import { MeterProvider, MetricReader, type DataPoint } from "@opentelemetry/sdk-metrics";
import { eventChannelName, measurementChannelName } from "@lingpai/core";
import type { EventData, EventType, Figure } from "@lingpai/core";
import { manualClock, type ManualClock } from "@lingpai/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { observe, type Observation } from "./observe.ts";

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const whose = { credential: "test:plain:wx1", environment: "production", node: "node-1" };
const label = { generation: 3, epoch: 4, fingerprint: "01234567" };
const hourMs = 3_600_000;

let clock: ManualClock;
let reader: ManualReader;
let observation: Observation;

beforeEach(() => {
  clock = manualClock();
  reader = new ManualReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  observation = observe({ meter, clock });
});
afterEach(() => observation.stop());

function measured(figure: Figure & { durationMs?: number }): void {
  channel(measurementChannelName).publish({ ...whose, ...figure });
}

function happened<Type extends EventType>(type: Type, data: EventData[Type]): void {
  channel(eventChannelName).publish({ type, ...whose, atMs: 0, ...data });
}

async function points(name: string): Promise<DataPoint<unknown>[]> {
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return (metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ??
    []) as DataPoint<unknown>[];
}

const valuesOf = async (name: string): Promise<unknown[]> =>
  (await points(name)).map(({ value }) => value);

test("the quota is what the ledger says, and nothing is used once the day is over", async () => {
  expect(await points("lingpai.quota.usage")).toEqual([]);
  measured({ kind: "quota", used: 37, perDay: 2_000, resetsInMs: hourMs });
  const day = {
    "lingpai.credential.ref": whose.credential,
    "lingpai.environment": "production",
    "lingpai.quota.window": "day",
  };
  expect(await points("lingpai.quota.usage")).toMatchObject([{ value: 37, attributes: day }]);
  expect(await points("lingpai.quota.limit")).toMatchObject([{ value: 2_000, attributes: day }]);
  expect(await valuesOf("lingpai.quota.utilization")).toEqual([37 / 2_000]);
  await clock.advance(hourMs);
  expect(await valuesOf("lingpai.quota.usage")).toEqual([0]);
  expect(await valuesOf("lingpai.quota.limit")).toEqual([2_000]);
  expect(await valuesOf("lingpai.quota.utilization")).toEqual([0]);
});

test("where a day has no limit, there is usage and no utilization", async () => {
  measured({ kind: "quota", used: 4, perDay: Number.MAX_SAFE_INTEGER, resetsInMs: hourMs });
  expect(await valuesOf("lingpai.quota.usage")).toEqual([4]);
  expect(await points("lingpai.quota.limit")).toEqual([]);
  expect(await points("lingpai.quota.utilization")).toEqual([]);
});

test("claims of others count until a reading finds none, and at most three hours", async () => {
  measured({ kind: "claims", conflicts: 2 });
  expect(await valuesOf("lingpai.claim.conflicts")).toEqual([2]);
  measured({ kind: "claims", conflicts: 0 });
  expect(await valuesOf("lingpai.claim.conflicts")).toEqual([0]);
  measured({ kind: "claims", conflicts: 1 });
  await clock.advance(3 * hourMs);
  expect(await valuesOf("lingpai.claim.conflicts")).toEqual([0]);
});

test("a credential that is closed in doubt and in conflict leaves neither behind", async () => {
  happened("in-doubt", { cause: "unknown-outcome", epoch: 4 });
  measured({ kind: "claims", conflicts: 1 });
  expect(await valuesOf("lingpai.credential.in_doubt")).toEqual([1]);
  happened("closed", { uses: 1 });
  expect(await valuesOf("lingpai.credential.in_doubt")).toEqual([0]);
  expect(await valuesOf("lingpai.claim.conflicts")).toEqual([0]);
});

test("the age runs from the issue, on the node that fetched and on one that adopted later", async () => {
  happened("refreshed", {
    ...label,
    reason: "cold",
    durationMs: 5,
    remainingMs: 2 * hourMs,
    unchanged: false,
  });
  await clock.advance(60_000);
  expect(await valuesOf("lingpai.credential.age")).toEqual([60]);
  const again = { ...label, reason: "expired", durationMs: 5, remainingMs: hourMs } as const;
  happened("refreshed", { ...again, unchanged: true });
  expect(await valuesOf("lingpai.credential.age")).toEqual([60]);
  const adopted = {
    ...label,
    remainingMs: hourMs,
    byNode: "b",
    byEnvironment: "e",
    reason: "cold",
  };
  happened("adopted", { ...adopted, lagMs: 30_000 });
  expect(await valuesOf("lingpai.credential.age")).toEqual([30]);
});

test("commands of the store are timed for the process, and have no credential", async () => {
  measured({ kind: "store", operation: "commit", durationMs: 40 });
  measured({ kind: "store", operation: "read", errorCode: "CACHE_UNAVAILABLE", durationMs: 500 });
  expect(await points("lingpai.store.duration")).toMatchObject([
    {
      value: { count: 1, sum: 0.04 },
      attributes: { "lingpai.environment": "production", "lingpai.store.operation": "commit" },
    },
    { value: { sum: 0.5 }, attributes: { "error.type": "CACHE_UNAVAILABLE" } },
  ]);
  for (const { attributes } of await points("lingpai.store.duration"))
    expect(attributes).not.toHaveProperty("lingpai.credential.ref");
});

test("the lease has its wait and its hold, each with how it ended", async () => {
  measured({ kind: "lock-wait", outcome: "newer", durationMs: 300 });
  measured({ kind: "lock-hold", outcome: "expired", durationMs: 20_000 });
  expect(await points("lingpai.lock.wait.duration")).toMatchObject([
    { value: { sum: 0.3 }, attributes: { "lingpai.lock.outcome": "newer" } },
  ]);
  expect(await points("lingpai.lock.hold.duration")).toMatchObject([
    { value: { sum: 20 }, attributes: { "lingpai.lock.outcome": "expired" } },
  ]);
});

test("a single-use input of unknown outcome is counted, another doubt is not", async () => {
  const doubt = { cause: "unknown-outcome", epoch: 4 } as const;
  happened("in-doubt", doubt);
  happened("in-doubt", { ...doubt, singleUseInput: true });
  expect(await valuesOf("lingpai.rotation.in_doubt")).toEqual([1]);
  expect(await valuesOf("lingpai.commit.conflicts")).toEqual([2]);
});

test("nothing is measured after stop()", async () => {
  observation.stop();
  measured({ kind: "lock-wait", outcome: "newer", durationMs: 300 });
  expect(await points("lingpai.lock.wait.duration")).toEqual([]);
});
