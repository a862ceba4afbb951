import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { measurementChannelName, type Measurement } from "../events/measurements.ts";
import { emptyState } from "../state/state.ts";
import { fleet, within } from "./fleet.fixture.ts";
import { assembled } from "./node.fixture.ts";

let published: Measurement[] = [];
const onMessage = (message: unknown): void => void published.push(message as Measurement);

beforeEach(() => {
  published = [];
  subscribe(measurementChannelName, onMessage);
});
afterEach(() => {
  unsubscribe(measurementChannelName, onMessage);
});

const ofKind = <Kind extends Measurement["kind"]>(
  kind: Kind,
  node = "node-1",
): Extract<Measurement, { kind: Kind }>[] =>
  published.filter(
    (one): one is Extract<Measurement, { kind: Kind }> => one.kind === kind && one.node === node,
  );

describe("the channel of measurements", () => {
  it("has the purpose and duration of each store command", async () => {
    const { clock, node, platform } = fleet();
    await within(clock, 1_000, node().get());
    const operations = ofKind("store").map(({ operation }) => operation);
    expect(operations).toEqual(
      expect.arrayContaining(["read", "acquire", "claims-set", "intent", "commit"]),
    );
    expect(ofKind("store").every(({ errorCode }) => errorCode === undefined)).toBe(true);
    expect(ofKind("store")[0]).toEqual({
      kind: "store",
      credential: platform.id,
      environment: "production",
      node: "node-1",
      operation: "read",
      durationMs: expect.any(Number),
    });
    expect(JSON.parse(JSON.stringify(published))).toEqual(published);
  });

  it("has the error code and duration of a failed store command", async () => {
    const { clock, node } = fleet();
    const one = node();
    one.faults.frozen = true;
    await within(clock, 4_100, one.get()).catch(() => {});
    expect(ofKind("store")[0]).toMatchObject({
      operation: "read",
      errorCode: "CACHE_UNAVAILABLE",
    });
    expect(ofKind("store")[0]?.durationMs).toBeGreaterThanOrEqual(100);
  });

  it("has one outcome each for a granted lease, a served wait and a timeout", async () => {
    const { clock, node } = fleet({ latencyMs: 1_000 });
    const [one, two, hasty] = [node(), node(), node({ parameters: { waitMs: 500 } })];
    const calls = [one.get(), two.get(), hasty.get().catch(() => {})];
    await within(clock, 5_000, Promise.all(calls));
    const waits = published.filter(({ kind }) => kind === "lock-wait");
    expect(waits).toMatchObject([
      { node: "node-1", outcome: "granted" },
      { node: "node-3", outcome: "timeout", durationMs: 500 },
      { node: "node-2", outcome: "newer" },
    ]);
    expect((waits[2] as { durationMs?: number }).durationMs).toBeGreaterThanOrEqual(1_000);
    const holds = published.filter(({ kind }) => kind === "lock-hold");
    expect(holds).toMatchObject([{ node: "node-1", outcome: "released" }]);
    expect((holds[0] as { durationMs?: number }).durationMs).toBeGreaterThanOrEqual(1_000);
  });

  it("has no timeout for a caller that does not wait, nor for a wait that a refusal ended", async () => {
    const world = fleet();
    const { clock, platform, store } = world;
    const issuer = { ...platform, revision: () => "one" };
    const { refresh } = assembled(world, { issuer });
    await store.lock().withPrefix("production").tryAcquire(platform.id, "another", 60_000);
    await expect(within(clock, 10, refresh({ reason: "cold" }, false))).rejects.toMatchObject({
      reason: "wait",
    });
    const waiting = expect(refresh({ reason: "cold" })).rejects.toMatchObject({
      reason: "refused",
    });
    await clock.advance(100);
    const [atMs, nextMs] = [clock.wallMs(), clock.wallMs() + 60_000];
    const refusal = { code: "40125", node: "node-9", atMs, nextMs, count: 1, revision: "one" };
    await world.write({ ...emptyState, refusal });
    await clock.advance(1_000);
    await waiting;
    expect(ofKind("lock-wait", "node-0")).toEqual([]);
  });

  it("has the end of a lease that was kept for an outcome, once the store has taken it", async () => {
    const { clock, node } = fleet({ latencyMs: 1_000 });
    const one = node();
    const call = one.get();
    await clock.advance(500);
    one.faults.unreachable = true;
    await within(clock, 3_000, call);
    await clock.advance(2_000);
    expect(ofKind("lock-wait")).toMatchObject([{ outcome: "granted" }]);
    expect(ofKind("lock-hold")).toEqual([]);
    one.faults.unreachable = false;
    await clock.advance(2_000);
    expect(ofKind("lock-hold")).toMatchObject([{ outcome: "released" }]);
    expect(ofKind("lock-hold")[0]?.durationMs).toBeGreaterThanOrEqual(3_000);
  });

  it("has the loss of a lease that was kept for an outcome, at the time of the loss", async () => {
    const { clock, node } = fleet({ latencyMs: 1_000 });
    const one = node();
    const call = one.get();
    await clock.advance(500);
    one.faults.unreachable = true;
    await within(clock, 3_000, call);
    await clock.advance(10 * 60_000);
    one.faults.unreachable = false;
    await clock.advance(60_000);
    expect(ofKind("lock-hold")).toMatchObject([{ outcome: "expired" }]);
    expect(ofKind("lock-hold")[0]?.durationMs).toBeLessThan(11_000);
  });

  it("has the reason of a lost lease, and how long it was held", async () => {
    const { clock, node, store } = fleet({ latencyMs: 8_000 });
    const one = node();
    const call = one.get();
    await clock.advance(1_000);
    store.failOver({ entries: new Map(), leases: new Map() });
    await within(clock, 30_000, call).catch(() => {});
    expect(ofKind("lock-hold")[0]).toMatchObject({ outcome: "refused" });
    expect(one.events.find(({ type }) => type === "lock-lost")).toMatchObject({
      reason: "refused",
    });
  });

  it("has the day's quota count after each fetch and each correction", async () => {
    const { clock, node } = fleet();
    const one = node({ parameters: { quotaPerDay: 100 } });
    await within(clock, 1_000, one.get());
    expect(ofKind("quota")).toMatchObject([{ used: 1, perDay: 100 }]);
    expect(ofKind("quota")[0]?.resetsInMs).toBeGreaterThan(0);
    await within(clock, 1_000, one.reconcileQuota({ used: 60, remaining: 40 }));
    expect(ofKind("quota")[1]).toMatchObject({ used: 60, perDay: 100 });
  });

  it("has the number of conflicting claims", async () => {
    const { clock, node } = fleet();
    await within(clock, 1_000, node({ environment: "staging" }).get());
    await within(clock, 1_000, node({ onConflict: "warn" }).get());
    expect(ofKind("claims", "node-2").at(-1)).toMatchObject({ conflicts: 1 });
    published = [];
    const shared = fleet({ policy: { kind: "stable", renewWithinMs: 300_000 } });
    for (const environment of ["staging", "production"])
      await within(shared.clock, 1_000, shared.node({ environment, onConflict: "coexist" }).get());
    expect(ofKind("claims", "node-2").map(({ conflicts }) => conflicts)).toEqual([0]);
  });

  it("has a request that was repeated because the platform was busy", async () => {
    const { clock, node, platform } = fleet();
    platform.script({ outcome: "busy", platformCode: "-1" });
    const one = node();
    await within(clock, 5_000, one.get());
    expect(platform.issues).toHaveLength(2);
    expect(one.status().quota.used).toBe(2);
    expect(ofKind("repeated")).toMatchObject([{ outcome: "busy", errorCode: "-1" }]);
  });

  it("has nothing more after the credential is closed", async () => {
    const { clock, node } = fleet();
    const one = node();
    await within(clock, 1_000, one.get());
    await within(clock, 1_000, one.close());
    const before = published.length;
    await clock.advance(60_000);
    expect(published).toHaveLength(before);
  });
});

it("a doubt says whether the request without an outcome had sent a single-use input", async () => {
  const { clock, node, platform } = fleet({
    policy: { kind: "rotate", overlapMs: 300_000 },
    recovers: true,
  });
  const one = node();
  platform.issueElsewhere();
  await within(clock, 1_000, one.get());
  platform.script("unknown-processed");
  await within(
    clock,
    20_000,
    one.refresh().catch(() => {}),
  );
  expect(one.events.find(({ type }) => type === "in-doubt")).toMatchObject({
    cause: "unknown-outcome",
    singleUseInput: true,
  });
});
