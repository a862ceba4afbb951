/** How long callers wait for a shared refresh, and whose failure they share. */
import { tracingChannel } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { SingleFlight } from "./single-flight.ts";
import { CredentialUnavailableError } from "../errors.ts";
import { refreshChannelName, type TracedRefresh } from "../events/tracing.ts";
import type { CachedCredential } from "../fleet/cached-credential.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { BlockReason, OnBlocked } from "../leader/block-reason.ts";
import { parametersFor } from "../parameters.ts";
import { neverAsked } from "../scenarios/fleet.fixture.ts";
import { Secret } from "../secret.ts";
import { manualClock } from "../testing/index.ts";
import { Closing } from "../time/closing.ts";

const cold: Goal = { reason: "cold" };
const unavailable = (reason?: "wait"): CredentialUnavailableError =>
  new CredentialUnavailableError("late", reason && { reason });

function bench({ isSet = true, waitMs = 20_000 } = {}) {
  const clock = manualClock();
  const closing = new Closing();
  const storeClock = { isSet };
  const stored = { cached: undefined as CachedCredential | undefined };
  const refreshes: {
    readonly goal: Goal;
    readonly patient: boolean;
    readonly onBlocked: OnBlocked;
    readonly succeed: () => void;
    readonly fail: (error: unknown) => void;
  }[] = [];
  const context = {
    clock,
    issuer: neverAsked,
    environment: "test",
    node: "a",
    parameters: parametersFor(neverAsked, { waitMs }),
  };
  const node = { context, local: { cachedFor: () => stored.cached }, storeClock };
  const refresher = {
    refresh: (goal: Goal, patient: boolean, onBlocked: OnBlocked): Promise<void> => {
      const { promise, reject, resolve } = Promise.withResolvers<void>();
      refreshes.push({ goal, patient, onBlocked, succeed: () => resolve(), fail: reject });
      return promise;
    },
  };
  const flight = new SingleFlight(node, refresher, closing);
  /** Handing out a credential uses only these fields. */
  const adopt = (): CachedCredential =>
    (stored.cached = { secret: new Secret("S", "S"), uses: 0 } as CachedCredential);
  /** What a caller gets, and when, in ms from now. */
  const called = (goal = cold, signal?: AbortSignal, ms?: number) => {
    const outcome: { atMs?: number; secret?: string; error?: unknown } = {};
    const startedMs = clock.monotonicMs();
    flight.ensure(goal, signal, ms).then(
      (secret) => Object.assign(outcome, { secret: secret.reveal() }),
      (error: unknown) => Object.assign(outcome, { error, atMs: clock.monotonicMs() - startedMs }),
    );
    return outcome;
  };
  return { adopt, called, clock, closing, flight, refreshes, storeClock };
}

describe("callers of one process", () => {
  it("are served from memory without a refresh, and each use is counted", async () => {
    const { adopt, called, clock, refreshes } = bench();
    const cached = adopt();
    const outcomes = [called(), called()];
    await clock.settle();
    expect(outcomes).toEqual([{ secret: "S" }, { secret: "S" }]);
    expect(cached.uses).toBe(2);
    expect(refreshes).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("share one patient refresh", async () => {
    const { adopt, called, clock, refreshes } = bench();
    const outcomes = [called(), called({ reason: "expired", replaces: "1" })];
    await clock.settle();
    expect(refreshes).toMatchObject([{ goal: cold, patient: true }]);
    adopt();
    refreshes[0]?.succeed();
    await clock.settle();
    expect(outcomes).toEqual([{ secret: "S" }, { secret: "S" }]);
    expect(refreshes).toHaveLength(1);
  });

  it("are served as soon as the local copy changes, while the refresh goes on", async () => {
    const { adopt, called, clock, flight, refreshes } = bench();
    flight.wake();
    const outcome = called();
    await clock.settle();
    flight.wake();
    await clock.settle();
    expect(outcome).toEqual({});
    adopt();
    flight.wake();
    await clock.settle();
    expect(outcome).toEqual({ secret: "S" });
    expect(refreshes).toHaveLength(1);
  });

  it("share a failure if they have the same goal", async () => {
    const { called, clock, refreshes } = bench();
    const outcomes = [called(), called()];
    await clock.settle();
    const error = unavailable();
    refreshes[0]?.fail(error);
    await clock.settle();
    expect(outcomes).toEqual([
      { error, atMs: 0 },
      { error, atMs: 0 },
    ]);
    expect(refreshes).toHaveLength(1);
  });

  it.each<[string, Goal]>([
    ["reason", { reason: "expired", replaces: "1", refused: "1" }],
    ["commit", { reason: "rejected", replaces: "2", refused: "1" }],
    ["refused credential", { reason: "rejected", replaces: "1", refused: "2" }],
  ])("do not share a failure if their goals differ in the %s", async (_what, other) => {
    const { called, clock, refreshes } = bench();
    called({ reason: "rejected", replaces: "1", refused: "1" });
    await clock.settle();
    const outcome = called(other);
    await clock.settle();
    refreshes[0]?.fail(unavailable());
    await clock.settle();
    expect(outcome).toEqual({});
    expect(refreshes).toMatchObject([{}, { goal: other, patient: true }]);
  });

  it("start a patient refresh when the background refresh that they joined fails", async () => {
    const { called, clock, flight, refreshes } = bench();
    void flight.inBackground(cold);
    const outcome = called();
    await clock.settle();
    refreshes[0]?.fail(unavailable());
    await clock.settle();
    expect(outcome).toEqual({});
    expect(refreshes).toMatchObject([{ patient: false }, { patient: true }]);
  });

  it("share each failure of an earlier caller, except that its time was over", async () => {
    for (const [error, isShared] of [
      [unavailable("wait"), false],
      [unavailable(), true],
      [new TypeError("broken"), true],
    ] as const) {
      const { called, clock, refreshes } = bench();
      const early = called();
      await clock.advance(1_000);
      const late = called();
      await clock.settle();
      refreshes[0]?.fail(error);
      await clock.settle();
      expect(early).toEqual({ error, atMs: 1_000 });
      expect(late).toEqual(isShared ? { error, atMs: 0 } : {});
      expect(refreshes).toHaveLength(isShared ? 1 : 2);
    }
  });

  it("have one timer if they came at the same moment, and each is counted", async () => {
    const { adopt, called, clock, flight } = bench();
    const outcomes = [called(), called(), called(cold, new AbortController().signal)];
    await clock.settle();
    expect(clock.pendingTimers).toBe(1);
    const cached = adopt();
    flight.wake();
    await clock.settle();
    expect(outcomes).toEqual([{ secret: "S" }, { secret: "S" }, { secret: "S" }]);
    expect(cached.uses).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[string, Goal, number | undefined, number]>([
    ["came later", cold, undefined, 1],
    ["wait for another goal", { reason: "expired", replaces: "1" }, undefined, 0],
    ["wait for another time", cold, 5_000, 0],
  ])("have a timer of their own if they %s", async (_what, goal, waitMs, laterMs) => {
    const { called, clock } = bench();
    const first = called();
    await clock.advance(laterMs);
    const other = called(goal, undefined, waitMs);
    await clock.settle();
    expect(clock.pendingTimers).toBe(2);
    await clock.advance(30_000);
    expect([first.atMs, other.atMs]).toEqual([20_000, waitMs ?? 20_000]);
  });

  it("do not get what was handed out before, although they came at that moment", async () => {
    const { adopt, called, clock, flight } = bench();
    const first = called();
    adopt();
    flight.wake();
    await clock.settle();
    expect(first).toEqual({ secret: "S" });
    const replacing = adopt();
    expect([called(), called()]).toEqual([{}, {}]);
    await clock.settle();
    expect(replacing.uses).toBe(2);
  });

  it("are all rejected on close, and one alone when its signal aborts", async () => {
    const { called, clock, closing, flight } = bench();
    const abort = new AbortController();
    const outcomes = [called(cold, abort.signal), called()];
    await clock.settle();
    abort.abort("enough");
    await clock.settle();
    expect(outcomes).toEqual([{ error: "enough", atMs: 0 }, {}]);
    const closed = new Error("closed");
    closing.close(closed);
    flight.wake();
    await clock.settle();
    expect(outcomes[1]).toEqual({ error: closed, atMs: 0 });
  });
});

describe("a caller whose waiting time is over", () => {
  it("is rejected with a general error if no reason is known, and the refresh goes on", async () => {
    const { called, clock, refreshes } = bench();
    const outcome = called();
    await clock.advance(30_000);
    expect(outcome).toMatchObject({
      atMs: 20_000,
      error: {
        code: "CREDENTIAL_UNAVAILABLE",
        message: expect.stringMatching(/^No credential "test" came within 20000 ms \(waitMs\)\./),
        retryAfterMs: 1_000,
      },
    });
    expect(refreshes).toHaveLength(1);
  });

  it("is rejected with the error that says what the refresh waits for", async () => {
    const { called, clock, refreshes } = bench();
    const outcome = called(cold, undefined, 5_000);
    await clock.settle();
    const error = new Error("blocked");
    refreshes[0]?.onBlocked({ kind: "wait", ms: 1 }, () => error);
    await clock.advance(10_000);
    expect(outcome).toEqual({ error, atMs: 5_000 });
  });

  const atStore: BlockReason = { kind: "pause", ms: 100, why: "store" };

  it.each<[string, number, number, BlockReason | undefined, boolean]>([
    ["three seconds for a store that never answered", 3_000, 20_000, atStore, false],
    ["no longer than it wants to", 1_000, 1_000, atStore, false],
    ["as long as ever when the store has answered since", 20_000, 20_000, atStore, true],
    ["as long as ever for the platform", 20_000, 20_000, { ...atStore, why: "error" }, false],
    ["as long as ever for another node", 20_000, 20_000, { kind: "wait", ms: 1 }, false],
    ["as long as ever while nothing is known", 20_000, 20_000, undefined, false],
  ])("waits %s", async (_what, atMs, waitMs, block, isSetLater) => {
    const { called, clock, refreshes, storeClock } = bench({ isSet: false, waitMs });
    const outcome = called();
    await clock.settle();
    if (block !== undefined) refreshes[0]?.onBlocked(block, () => new Error("blocked"));
    storeClock.isSet = isSetLater;
    await clock.advance(60_000);
    expect(outcome).toMatchObject({ atMs });
  });
});

describe("a refresh in the background", () => {
  it("joins a refresh that is running already, and ends with its result", async () => {
    const { clock, flight, refreshes } = bench();
    flight.ensure(cold).catch(() => {});
    await clock.settle();
    const joined = { met: undefined as unknown };
    void flight.inBackground(cold).then((met) => (joined.met = met));
    await clock.advance(10_000);
    expect(joined.met).toBeUndefined();
    expect(refreshes).toHaveLength(1);
    const error = unavailable();
    refreshes[0]?.fail(error);
    await clock.settle();
    expect(joined.met).toEqual({ error, block: undefined });
    void flight.inBackground(cold);
    expect(refreshes).toHaveLength(2);
  });

  it("resolves to its error and the obstacle, or to undefined after a success", async () => {
    const { clock, flight, refreshes } = bench();
    const failing = flight.inBackground(cold);
    const block: BlockReason = { kind: "wait", ms: 5 };
    refreshes[0]?.onBlocked(block, () => undefined);
    const error = unavailable();
    refreshes[0]?.fail(error);
    expect(await failing).toEqual({ error, block });
    await clock.settle();
    const working = flight.inBackground(cold);
    refreshes[1]?.succeed();
    expect(await working).toBeUndefined();
  });

  it("causes no unhandled rejection when it fails", async () => {
    const { clock, flight, refreshes } = bench();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): unknown => unhandled.push(error);
    process.on("unhandledRejection", onUnhandled);
    onTestFinished(() => void process.off("unhandledRejection", onUnhandled));
    const done = flight.inBackground(cold);
    refreshes[0]?.fail(unavailable());
    await done;
    await clock.settle();
    expect(unhandled).toEqual([]);
  });

  it("is published with its reason", async () => {
    const reasons: string[] = [];
    const channel = tracingChannel<unknown, TracedRefresh>(refreshChannelName).start;
    const onStart = (work: unknown): unknown => reasons.push((work as TracedRefresh).reason);
    channel.subscribe(onStart);
    onTestFinished(() => void channel.unsubscribe(onStart));
    const { flight, refreshes } = bench();
    const done = flight.inBackground({ reason: "advisory" });
    refreshes[0]?.succeed();
    await done;
    expect(reasons).toEqual(["advisory"]);
  });

  it("ends before a close resolves, even if it fails", async () => {
    const { clock, flight, refreshes } = bench();
    await flight.settled();
    void flight.inBackground(cold);
    const settled = { is: false };
    void flight.settled().then(() => (settled.is = true));
    await clock.settle();
    expect(settled.is).toBe(false);
    refreshes[0]?.fail(unavailable());
    await clock.settle();
    expect(settled.is).toBe(true);
  });
});
