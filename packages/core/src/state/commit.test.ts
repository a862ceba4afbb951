import { describe, expect, it } from "vitest";
import {
  after,
  stateWith,
  commit,
  decide,
  storedCredential,
  intent,
  noonMs,
  rules,
} from "./state.fixture.ts";
import type { State } from "./state.ts";

const announced: State = after(stateWith(), intent());

describe("a commit", () => {
  it("without another request stores its credential, and ends back-off and refusals", () => {
    const busy = {
      ...announced,
      failures: 2,
      backOffUntilMs: noonMs + 1_000,
      failure: { code: "-1", atMs: noonMs },
      doubtSinceMs: noonMs - 90_000,
    };
    const { state, verdict } = decide(busy, commit(), 300);
    expect(verdict).toEqual({
      kind: "committed",
      generation: 2,
      doubt: false,
      reconciled: true,
      same: false,
    });
    expect(state).toMatchObject({
      outcomeId: "committed",
      credential: { generation: 2, epoch: 11, commitId: "op", fingerprint: "T2", sentAtMs: noonMs },
      previous: { fingerprint: "T1" },
      backOffUntilMs: 0,
      failures: 0,
    });
    for (const field of ["intent", "doubtSinceMs", "failure", "suspect", "consumedInput"])
      expect(state).not.toHaveProperty(field);
  });

  const doubtful: readonly (readonly [string, State, Parameters<typeof commit>[0]])[] = [
    ["another outcome was reported during its flight", { ...announced, outcomeId: "other" }, {}],
    ["its lease did not hold throughout", announced, { leaseHeld: false }],
    [
      "an earlier request could still be processed when it left",
      { ...announced, inFlightUntilMs: noonMs + 1 },
      {},
    ],
  ];
  it.each(doubtful)("stores its credential and leaves a doubt if %s", (_, state, event) => {
    const decided = decide(state, commit(event), 300);
    expect(decided.verdict).toMatchObject({ kind: "committed", doubt: true, reconciled: false });
    expect(decided.state).toMatchObject({
      doubtSinceMs: noonMs + 300,
      credential: { fingerprint: "T2" },
    });
    expect(decide(state, commit(event), 300, { supersedes: false }).state).not.toHaveProperty(
      "doubtSinceMs",
    );
  });

  it("leaves no doubt if the earlier request must have been processed when it was sent", () => {
    expect(decide({ ...announced, inFlightUntilMs: noonMs }, commit()).verdict).toMatchObject({
      doubt: false,
    });
  });

  it("of an epoch that is already stored replaces the credential and leaves a doubt", () => {
    const twin = {
      ...announced,
      outcomeId: "theirs",
      credential: storedCredential("T3", { epoch: 11 }),
    };
    expect(decide(twin, commit()).verdict).toMatchObject({ kind: "committed", doubt: true });
  });

  it("does not make an existing doubt younger", () => {
    expect(
      after({ ...announced, doubtSinceMs: noonMs - 5 }, commit({ leaseHeld: false })).doubtSinceMs,
    ).toBe(noonMs - 5);
  });

  it("with another request in flight makes every node wait until that one must have been processed", () => {
    const next = after(announced, commit({ leaseHeld: false }), 300);
    expect(next.inFlightUntilMs).toBe(noonMs + 300 + rules.drainMs);
    expect(
      decide(next, intent({ replaces: "op", operationId: "next" }), 400).verdict,
    ).toMatchObject({ kind: "wait", why: "drain" });
  });

  it("keeps the intent of another request that is in flight", () => {
    const other = { epoch: 12, operationId: "other", atMs: noonMs };
    expect(after({ ...announced, intent: other, outcomeId: "theirs" }, commit()).intent).toEqual(
      other,
    );
  });

  it("of a lower epoch than the stored one changes nothing but the doubt and the outcome (H2)", () => {
    const later = { ...announced, credential: storedCredential("T3", { epoch: 12 }) };
    const { state, verdict } = decide(later, commit());
    expect(verdict).toEqual({ kind: "superseded" });
    const { intent: _, ...rest } = later;
    expect(state).toEqual({ ...rest, outcomeId: "committed", doubtSinceMs: noonMs });
  });

  it("that is sent again is recognised, whatever happened to its first answer", () => {
    expect(
      decide(after(announced, commit()), commit({ leaseHeld: false, outcomeId: "again" })),
    ).toEqual({ verdict: { kind: "repeated" } });
  });

  it("of the secret that is already stored keeps the credential's identity and prolongs it", () => {
    const suspect = { fingerprint: "T1", atMs: noonMs, dead: true } as const;
    const { state, verdict } = decide(
      { ...announced, suspect, previous: { fingerprint: "T0" } },
      commit({}, { fingerprint: "T1" }),
    );
    expect(verdict).toMatchObject({ kind: "committed", generation: 1, same: true });
    expect(state?.suspect).toEqual({ fingerprint: "T1", atMs: noonMs });
    expect(state).toMatchObject({
      previous: { fingerprint: "T0" },
      credential: { generation: 1, commitId: "op" },
    });
  });

  it("counts how often a rejection returned the refused credential again", () => {
    const by = { node: "n1", environment: "test", reason: "rejected" };
    expect(after(announced, commit({}, { fingerprint: "T1" })).governor.count).toBe(0);
    const again = after(announced, commit({}, { fingerprint: "T1", by }), 300);
    expect(again.governor).toEqual({ count: 1, lastMs: noonMs + 300 });
    expect(
      after({ ...announced, governor: again.governor }, commit({}, { by }), 500).governor,
    ).toEqual({ count: 0, lastMs: noonMs + 500 });
  });
});
