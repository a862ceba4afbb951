/** Which credential must be replaced, and what prevents a request. */
import { describe, expect, it } from "vitest";
import { resolveGoal } from "./attempt.ts";
import { gateBeforeLease, gateOf, gateOfUnstoredRequest, presumedLostAtMs } from "./gate.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { Issuer } from "../issuer.ts";
import { lifetimeMs, oneNode, storedAt } from "../scenarios/node.fixture.ts";
import { emptyState, type State } from "../state/state.ts";

const superseding: Partial<Issuer> = {
  policy: { kind: "supersede", overlapMs: 300_000 },
  quota: { perDay: 20, dayOffsetMs: 0 },
};
const cold: Goal = { reason: "cold" };

function bench(issuer: Partial<Issuer> = superseding) {
  const one = oneNode(issuer);
  const nowMs = one.storeClock.nowMs();
  const stateOf = (changed: Partial<State> = {}): State => ({
    ...emptyState,
    credential: storedAt(nowMs),
    ...changed,
  });
  return { ...one, nowMs, stateOf };
}

const dead = { suspect: { fingerprint: "fingerprint-1", atMs: 0, dead: true } } as const;
const replacing = { reason: "rejected", refused: "fingerprint-1", isDead: true };

describe("a goal", () => {
  it("stays unchanged if nothing is stored, or the stored credential may serve", () => {
    const { node, stateOf } = bench();
    expect(resolveGoal(cold, undefined, node)).toBe(cold);
    expect(resolveGoal(cold, emptyState, node)).toBe(cold);
    expect(resolveGoal(cold, stateOf(), node)).toBe(cold);
  });

  it("of a refused credential includes the document's marks of it", () => {
    const { node, stateOf } = bench();
    const goal: Goal = { reason: "rejected", refused: "fingerprint-1", isFirstHand: true };
    expect(resolveGoal(goal, stateOf(), node)).toBe(goal);
    expect(resolveGoal(goal, stateOf({ credential: storedAt(0) }), node)).toBe(goal);
    expect(resolveGoal(goal, stateOf(dead), node)).toEqual({ ...goal, isDead: true });
    const other: Goal = { reason: "rejected", refused: "fingerprint-0" };
    expect(resolveGoal(other, stateOf(), node)).toBe(other);
  });

  it("becomes a replacement of a dead or refused credential, whatever it was", () => {
    const { local, node, stateOf } = bench();
    expect(resolveGoal(cold, stateOf(dead), node)).toEqual(replacing);
    expect(resolveGoal({ reason: "manual" }, stateOf(dead), node)).toEqual(replacing);
    local.markRefused("fingerprint-1");
    expect(resolveGoal(cold, stateOf(), node)).toEqual(replacing);
  });

  it("becomes a replacement of a credential that this process knows as replaced, if it has no better one", async () => {
    const { clock, local, node, stateOf } = bench();
    const old = stateOf();
    local.adopt(old, old.credential!);
    const newer = storedAt(clock.wallMs(), { generation: 2, expiresAtMs: clock.wallMs() + 60_000 });
    local.adopt({ ...old, credential: newer }, newer);
    expect(resolveGoal(cold, old, node)).toBe(cold);
    await clock.advance(60_000);
    expect(resolveGoal(cold, old, node)).toEqual({ ...replacing, isDead: false });
  });

  it.each<[Goal, string]>([
    [cold, "expired"],
    [{ reason: "rejected", refused: "fingerprint-0" }, "expired"],
    [{ reason: "advisory", replaces: "x" }, "advisory"],
    [{ reason: "manual" }, "manual"],
  ])("becomes a replacement of a credential that is about to end: %o, %s", async (goal, reason) => {
    const { clock, node, stateOf } = bench();
    const state = stateOf();
    await clock.advance(lifetimeMs - 30_001);
    expect(resolveGoal(goal, state, node)).toBe(goal);
    await clock.advance(1);
    expect(resolveGoal(goal, state, node)).toEqual({ reason, replaces: "commit-1" });
  });
});

describe("a gate before the lease", () => {
  const gate = (parts: ReturnType<typeof bench>, state: State | undefined, goal: Goal = cold) =>
    gateBeforeLease(parts.node, goal, { state, version: "1" });

  it("is open for a new request, an adoption and a drain", () => {
    const parts = bench();
    const { nowMs, stateOf } = parts;
    expect(gate(parts, undefined)).toBeUndefined();
    expect(gate(parts, stateOf())).toBeUndefined();
    const draining = stateOf({ inFlightUntilMs: nowMs + 9_000 });
    const replaced: Goal = { reason: "manual", replaces: "commit-1" };
    expect(gate(parts, draining, replaced)).toBeUndefined();
  });

  it("is closed while the fleet backs off, except for an operator", () => {
    const parts = bench();
    const state = { ...emptyState, backOffUntilMs: parts.nowMs + 60_000 };
    expect(gate(parts, state)).toMatchObject({ why: "back-off", untilMs: parts.nowMs + 60_000 });
    expect(gate(parts, state, { reason: "manual" })).toBeUndefined();
  });

  it("is closed while the platform refuses this configuration, and open for another one", () => {
    const parts = bench({ ...superseding, revision: () => "mine" });
    const refusal = { code: "1", node: "n", atMs: 0, nextMs: parts.nowMs + 5_000, count: 1 };
    const refused = (revision: string) => ({
      ...emptyState,
      refusal: { ...refusal, revision },
    });
    expect(gate(parts, refused("mine"))).toMatchObject({ why: "refused" });
    expect(gate(parts, refused("other"))).toBeUndefined();
  });

  it("is closed while another node's request is open, until it counts as lost", async () => {
    const parts = bench();
    const { clock, nowMs } = parts;
    const intent = { epoch: 1, operationId: "1", atMs: nowMs };
    const open = { ...emptyState, intent };
    expect(presumedLostAtMs(parts.node, { state: open, version: "1" })).toBe(nowMs + 2_000);
    expect(gate(parts, open)).toMatchObject({ why: "open" });
    await clock.advance(1_900);
    gate(parts, open);
    await clock.advance(100);
    expect(gate(parts, open)).toBeUndefined();
  });

  it("throws an error if waiting does not help", () => {
    const parts = bench();
    const day = Math.floor(parts.nowMs / 86_400_000);
    const quota = { day, used: 20, forced: { used: 0, lastAtMs: 0 } };
    const toDayEndMs = (day + 1) * 86_400_000 - parts.nowMs;
    expect(() => gate(parts, { ...emptyState, quota })).toThrow(
      expect.objectContaining({
        code: "QUOTA_EXHAUSTED",
        resetsInMs: toDayEndMs,
        message: expect.stringMatching(
          /^The ledger of "test" leaves no fetch for the reason "cold"/,
        ),
      }),
    );
    expect(() =>
      gateOf(parts.node, cold, {
        kind: "exhausted",
        resetsAtMs: parts.nowMs + 5,
        nextMs: parts.nowMs + 3,
      }),
    ).toThrow(expect.objectContaining({ resetsInMs: 5, retryAfterMs: 3 }));
    expect(() => gateOf(parts.node, cold, { kind: "input-in-doubt" })).toThrow(
      expect.objectContaining({
        code: "CREDENTIAL_UNAVAILABLE",
        message: expect.stringContaining('The single-use input of "test" was sent before'),
      }),
    );
  });
});

describe("a request that only this node remembers, because the store was emptied", () => {
  it("keeps the gate closed until it counts as lost, or can no longer be processed", async () => {
    const { clock, local, node, nowMs } = bench();
    const absent = { state: undefined, version: "absent" } as const;
    expect(gateOfUnstoredRequest(node, absent)).toBeUndefined();
    local.updateState({ ...emptyState, intent: { epoch: 1, operationId: "1", atMs: nowMs } });
    expect(gateOfUnstoredRequest(node, { state: emptyState, version: "1" })).toBeUndefined();
    expect(gateOfUnstoredRequest(node, absent)).toEqual({ why: "open", untilMs: nowMs + 2_000 });
    expect(gateBeforeLease(node, cold, absent)).toEqual({ why: "open", untilMs: nowMs + 2_000 });
    await clock.advance(2_000);
    expect(gateOfUnstoredRequest(node, absent)).toBeUndefined();
    await clock.advance(10_000);
    expect(gateOfUnstoredRequest(node, absent)).toMatchObject({ why: "open" });
    // After that time it counts as newly seen, and no caller waits for it.
    await clock.advance(5_000);
    expect(gateOfUnstoredRequest(node, absent)).toBeUndefined();
    local.updateState(emptyState);
    expect(gateOfUnstoredRequest(node, absent)).toBeUndefined();
  });
});
