/** When a probe resolves a doubt, so that no fetch is needed. */
import { describe, expect, it } from "vitest";
import type { LeaseContext } from "./attempt.ts";
import { probeBeforeIntent } from "./probe-before-intent.ts";
import { settle } from "./settle-doubt.ts";
import { CacheUnavailableError } from "../errors.ts";
import type { ApplyOptions, Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { Issuer } from "../issuer.ts";
import { oneNode, storedAt } from "../scenarios/node.fixture.ts";
import type { Secret } from "../secret.ts";
import { reduce, type StateEvent } from "../state/reduce.ts";
import { emptyState, type State } from "../state/state.ts";

type Verdict = "alive" | "dead" | "unknown";

function bench(issuer: Partial<Issuer> = {}) {
  const one = oneNode({
    policy: { kind: "supersede", overlapMs: 0 },
    probe: async () => "alive",
    ...issuer,
  });
  const { clock, context, local, storeClock } = one;
  storeClock.observe(clock.wallMs(), clock.monotonicMs());
  const answers = { verdict: "alive" as Verdict, failure: undefined as Error | undefined };
  const probed: string[] = [];
  const written: { readonly event: StateEvent; readonly from: Snapshot | undefined }[] = [];
  const store = { state: undefined as State | undefined };
  const leaseContext = {
    startedMs: clock.monotonicMs(),
    probe: {
      verdict: async (secret: Secret) => {
        probed.push(secret.reveal());
        return answers.verdict;
      },
    },
    document: {
      apply: async (event: StateEvent, { from }: ApplyOptions = {}) => {
        written.push({ event, from });
        if (answers.failure !== undefined) throw answers.failure;
        const made = reduce(store.state, event, storeClock.nowMs(), context.rules);
        store.state = made.state ?? store.state;
        return { verdict: made.verdict, snapshot: { state: store.state, version: "2" } };
      },
    },
    // A probe under the lease uses only these parts.
  } as unknown as LeaseContext;
  const hold = (changed: Partial<State> = {}): Snapshot & { readonly state: State } => {
    const state = {
      ...emptyState,
      outcomeId: "o",
      credential: storedAt(storeClock.nowMs()),
      ...changed,
    };
    store.state = state;
    local.adopt(state, state.credential);
    return { state, version: "1" };
  };
  return { ...one, answers, hold, leaseContext, probed, store, written };
}

describe("a doubt about which credential is live", () => {
  const doubtful = (parts: ReturnType<typeof bench>, changed: Partial<State> = {}) =>
    parts.hold({ doubtSinceMs: parts.storeClock.nowMs() - 30_000, ...changed });

  it("is resolved by the platform's answer, which is stored and reported", async () => {
    const parts = bench();
    const { clock, events, leaseContext, local, node, probed, store, written } = parts;
    const read = doubtful(parts);
    await clock.advance(500);
    expect(await settle(node, leaseContext, read)).toBe(true);
    expect(probed).toEqual(["secret-1"]);
    expect(written).toMatchObject([
      { event: { type: "settle", commitId: "commit-1", seenOutcomeId: "o" }, from: read },
    ]);
    expect(store.state?.doubtSinceMs).toBeUndefined();
    expect(local.state?.doubtSinceMs).toBeUndefined();
    expect(events.filter(({ type }) => type === "reconciled")).toMatchObject([
      { generation: 1, durationMs: 500, doubtMs: 30_500 },
    ]);
  });

  it("is settled as soon as no request can be in flight, and not before", async () => {
    for (const [agoMs, isSettled] of [
      [14_999, false],
      [15_000, true],
    ] as const) {
      const parts = bench();
      const read = parts.hold({ doubtSinceMs: parts.storeClock.nowMs() - agoMs });
      expect(await settle(parts.node, parts.leaseContext, read)).toBe(isSettled);
    }
  });

  it.each<[string, Verdict]>([
    ["is dead", "dead"],
    ["is not known to live", "unknown"],
  ])("stays if the stored credential %s", async (_what, verdict) => {
    const parts = bench();
    const { answers, leaseContext, node, written } = parts;
    answers.verdict = verdict;
    expect(await settle(node, leaseContext, doubtful(parts))).toBe(false);
    expect(written).toEqual([]);
  });

  it("causes no probe if an answer would not be enough", async () => {
    const cases: [ReturnType<typeof bench>, (parts: ReturnType<typeof bench>) => Snapshot][] = [
      // Both may be alive, so that one is alive shows nothing about the other.
      [bench({ policy: { kind: "supersede", overlapMs: 300_000 } }), doubtful],
      // A request may still be processed.
      [bench(), (parts) => doubtful(parts, { inFlightUntilMs: parts.storeClock.nowMs() + 5_000 })],
      [bench(), () => ({ state: undefined, version: "absent" })],
      [bench(), () => ({ state: emptyState, version: "1" })],
      // This process has another credential.
      [
        bench(),
        (parts) => {
          const read = doubtful(parts);
          parts.hold({ credential: storedAt(0, { generation: 2 }) });
          return read;
        },
      ],
      [
        bench(),
        (parts) => {
          const read = doubtful(parts);
          parts.local.forget();
          return read;
        },
      ],
    ];
    for (const [parts, read] of cases) {
      expect(await settle(parts.node, parts.leaseContext, read(parts))).toBe(false);
      expect(parts.probed).toEqual([]);
    }
  });

  it("causes no probe if the issuer has none", async () => {
    const { node, context, local, storeClock } = oneNode({
      policy: { kind: "supersede", overlapMs: 0 },
    });
    const state = { ...emptyState, credential: storedAt(storeClock.nowMs()), doubtSinceMs: 1 };
    local.adopt(state, state.credential);
    expect(context.issuer.probe).toBeUndefined();
    expect(await settle(node, {} as LeaseContext, { state, version: "1" })).toBe(false);
  });

  it("is not resolved if another node was faster", async () => {
    const parts = bench();
    const { events, leaseContext, node, store } = parts;
    const read = doubtful(parts);
    store.state = { ...read.state, outcomeId: "another" };
    expect(await settle(node, leaseContext, read)).toBe(false);
    expect(events.filter(({ type }) => type === "reconciled")).toEqual([]);
  });

  it("is as old as the open request if it was not written yet", async () => {
    const parts = bench();
    const { clock, events, hold, leaseContext, node, storeClock } = parts;
    const atMs = storeClock.nowMs() - 60_000;
    const read = hold({ intent: { epoch: 2, operationId: "2", atMs } });
    await clock.advance(100);
    expect(await settle(node, leaseContext, read)).toBe(true);
    expect(events.filter(({ type }) => type === "reconciled")).toMatchObject([{ doubtMs: 60_100 }]);
  });
});

describe("a refused credential, before a request for another one is sent", () => {
  const open = (askedAtMs: number): Goal => ({
    reason: "rejected",
    refused: "fingerprint-1",
    isDead: false,
    askedAtMs,
  });

  it("is probed again if the last answer is a second old", async () => {
    const { answers, clock, hold, leaseContext, node, probed } = bench();
    answers.verdict = "unknown";
    const read = hold();
    const goal = open(clock.monotonicMs());
    await clock.advance(999);
    expect(await probeBeforeIntent(node, leaseContext, goal, read)).toBe(goal);
    expect(probed).toEqual([]);
    await clock.advance(1);
    expect(await probeBeforeIntent(node, leaseContext, goal, read)).toBe(goal);
    expect(probed).toEqual(["secret-1"]);
  });

  it("is out of use if the platform now calls it dead", async () => {
    const { answers, hold, leaseContext, local, node } = bench();
    answers.verdict = "dead";
    const goal = open(-10_000);
    expect(await probeBeforeIntent(node, leaseContext, goal, hold())).toEqual({
      ...goal,
      isDead: true,
    });
    expect(local.wasRefused("fingerprint-1")).toBe(true);
  });

  it("is kept if the platform now calls it alive, and the mark is withdrawn", async () => {
    const { hold, leaseContext, local, node, written } = bench();
    const read = hold({ suspect: { fingerprint: "fingerprint-1", atMs: 0 } });
    await expect(probeBeforeIntent(node, leaseContext, open(-10_000), read)).rejects.toThrow(
      'calls the credential "test" alive',
    );
    expect(written).toMatchObject([{ event: { type: "suspect", found: "alive" } }]);
    expect(local.state?.suspect).toBeUndefined();
  });

  it("is kept even if the store refuses that write, or has another credential by now", async () => {
    const { answers, hold, leaseContext, local, node, store } = bench();
    const read = hold({ suspect: { fingerprint: "fingerprint-1", atMs: 0 } });
    const goal = open(-10_000);
    answers.failure = new CacheUnavailableError("gone");
    await expect(probeBeforeIntent(node, leaseContext, goal, read)).rejects.toThrow("alive");
    answers.failure = undefined;
    store.state = { ...emptyState, credential: storedAt(0, { generation: 2 }) };
    await expect(probeBeforeIntent(node, leaseContext, goal, read)).rejects.toThrow("alive");
    store.state = emptyState;
    await expect(probeBeforeIntent(node, leaseContext, goal, read)).rejects.toThrow("alive");
    expect(local.state).toBe(read.state);
  });

  it.each<[string, Goal]>([
    ["another reason", { ...open(-10_000), reason: "expired" }],
    ["a death that is known", { ...open(-10_000), isDead: true }],
    ["a credential that is not stored", { ...open(-10_000), refused: "fingerprint-0" }],
    ["a platform that cannot be asked", { reason: "rejected", refused: "fingerprint-1" }],
  ])("is not probed for %s", async (_what, goal) => {
    const { hold, leaseContext, node, probed } = bench();
    expect(await probeBeforeIntent(node, leaseContext, goal, hold())).toBe(goal);
    expect(
      await probeBeforeIntent(node, leaseContext, goal, { state: undefined, version: "absent" }),
    ).toBe(goal);
    expect(probed).toEqual([]);
  });
});
