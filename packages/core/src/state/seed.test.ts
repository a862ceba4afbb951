import { describe, expect, it } from "vitest";
import type { SeedEvent } from "./seed.ts";
import {
  after,
  stateWith,
  commit,
  decide,
  storedCredential,
  intent,
  noonMs,
  rules,
  today,
} from "./state.fixture.ts";
import { emptyState, type State } from "./state.ts";

const {
  generation: _generation,
  epoch: _epoch,
  commitId: _commitId,
  ...issued
} = storedCredential("T9", {
  sentAtMs: noonMs - 50,
  issuedAtMs: noonMs - 50,
  nextInput: "input-T9",
});
const seed: SeedEvent = { type: "seed", operationId: "seed-op", outcomeId: "seeded", issued };
const seeded = (state: State | undefined, atMs = 0): State =>
  after(state ?? emptyState, seed, atMs);

describe("a seed", () => {
  it("into an empty document becomes its first credential with its next input, and leaves no doubt", () => {
    const next = seeded(undefined);
    expect(next).toMatchObject({
      outcomeId: "seeded",
      credential: { ...issued, generation: 1, epoch: noonMs + 1, commitId: "seed-op" },
    });
    expect(next).not.toHaveProperty("doubtSinceMs");
    expect(next).not.toHaveProperty("previous");
  });

  it("replaces the stored credential, which lives on for the overlap", () => {
    const next = seeded(stateWith());
    expect(next.credential).toMatchObject({ generation: 2, fingerprint: "T9" });
    expect(next.previous).toEqual({ fingerprint: "T1" });
    expect(next).not.toHaveProperty("doubtSinceMs");
  });

  it.each([
    [
      "the stored credential",
      stateWith({ credential: storedCredential("T1", { epoch: noonMs + 500 }) }),
      noonMs + 501,
    ],
    [
      "an open intent",
      stateWith({ intent: { epoch: noonMs + 700, operationId: "op", atMs: noonMs } }),
      noonMs + 701,
    ],
    ["what was revoked", stateWith({ minEpoch: noonMs + 900 }), noonMs + 901],
    ["the store's time", stateWith(), noonMs + 1],
  ])("comes after %s", (_title, state, epoch) => {
    expect(seeded(state).credential?.epoch).toBe(epoch);
  });

  it("makes the commit of a request in flight too late, and leaves a doubt", () => {
    const inTheAir = after(stateWith(), intent());
    const next = seeded(inTheAir, 100);
    expect(next).toMatchObject({ doubtSinceMs: noonMs + 100, intent: inTheAir.intent });
    const late = decide(
      next,
      commit({ intentOutcomeId: inTheAir.outcomeId, epoch: inTheAir.intent?.epoch ?? 0 }),
      200,
    );
    expect(late.verdict).toEqual({ kind: "superseded" });
    expect(late.state?.credential?.fingerprint).toBe("T9");
  });

  it.each([
    ["a request may still be processed after it", stateWith({ inFlightUntilMs: noonMs })],
    [
      "another was stored after it was asked for",
      stateWith({ credential: storedCredential("T1", { issuedAtMs: noonMs - 49 }) }),
    ],
  ])("leaves a doubt if %s", (_title, state) => {
    expect(seeded(state).doubtSinceMs).toBe(noonMs);
    expect(after(state, seed, 0, { supersedes: false })).not.toHaveProperty("doubtSinceMs");
  });

  it("ends an earlier doubt, a suspect mark, an uncertain input and every wait", () => {
    const mark = { fingerprint: "T1", atMs: noonMs - 60_000 };
    const troubled = stateWith({
      doubtSinceMs: noonMs - 100_000,
      suspect: { ...mark, dead: true },
      consumedInput: mark,
      failure: { code: "42007", atMs: noonMs },
      failures: 4,
      backOffUntilMs: noonMs + 60_000,
    });
    const next = seeded(troubled);
    expect(next).toMatchObject({
      failures: 0,
      backOffUntilMs: 0,
      previous: { fingerprint: "T1" },
    });
    for (const gone of ["doubtSinceMs", "suspect", "consumedInput", "failure"])
      expect(next).not.toHaveProperty(gone);
  });

  it("leaves no doubt if none of the fleet's requests can have been processed after it", () => {
    const sentAtMs = noonMs - 50;
    for (const state of [
      stateWith({ inFlightUntilMs: sentAtMs }),
      stateWith({ credential: storedCredential("T1", { issuedAtMs: sentAtMs }) }),
    ])
      expect(seeded(state)).not.toHaveProperty("doubtSinceMs");
    // An announced request may leave at any moment, however long ago it was announced.
    expect(
      seeded(stateWith({ intent: { epoch: 1, operationId: "op", atMs: noonMs - 90_000 } }))
        .doubtSinceMs,
    ).toBe(noonMs);
  });

  it("is reported as stored, and ends a refusal", () => {
    const refusal = { code: "40125", node: "n1", atMs: noonMs, nextMs: noonMs + 5, count: 1 };
    const { state, verdict } = decide(stateWith({ refusal }), seed);
    expect(verdict).toEqual({ kind: "seeded" });
    expect(state).not.toHaveProperty("refusal");
  });

  it("that is sent twice is stored once", () => {
    const once = seeded(stateWith());
    expect(decide(once, seed)).toEqual({ verdict: { kind: "repeated" } });
  });
});

describe("the quota ledger", () => {
  it("returns its counts, and names a value that is not a count", () => {
    const ledger = { type: "ledger", used: 40, remaining: 60 } as const;
    expect(decide(stateWith(), ledger).verdict).toEqual({ kind: "reconciled", used: 40 });
    expect(() => decide(stateWith(), { ...ledger, used: -1 })).toThrow(
      "used must be a whole number of at least 0, not -1.",
    );
    expect(() => decide(stateWith(), { ...ledger, remaining: 1.5 })).toThrow(
      "remaining must be a whole number of at least 0, not 1.5.",
    );
  });

  const counted = (state: State, used: number, remaining: number): State =>
    after(state, { type: "ledger", used, remaining });

  it("allows as many fetches as the platform reports, but no more than our own cap", () => {
    expect(counted(stateWith(), 5, 15).quota.used).toBe(85);
    expect(counted(stateWith(), 5, 995).quota.used).toBe(5);
    expect(counted(stateWith(), 500, 0).quota.used).toBe(100);
    expect(
      counted(
        stateWith({ quota: { day: today - 1, used: 50, forced: { used: 3, lastAtMs: 7 } } }),
        5,
        95,
      ).quota,
    ).toEqual({
      day: today,
      used: 5,
      forced: { used: 0, lastAtMs: 7 },
      otherDay: { day: today - 1, used: 50, forcedUsed: 3 },
    });
  });

  it("without a cap follows the platform's count", () => {
    expect(
      after(stateWith(), { type: "ledger", used: 7, remaining: 3 }, 0, {
        quotaPerDay: Number.MAX_SAFE_INTEGER,
      }).quota.used,
    ).toBe(7);
  });

  it.each([
    [Number.NaN, 1],
    [-5, 1],
    [1.5, 1],
    [1, Number.NaN],
    [1, -1],
    [1, Number.POSITIVE_INFINITY],
  ])("refuses invalid counts: used %d, remaining %d", (used, remaining) => {
    expect(() => counted(stateWith(), used, remaining)).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });

  it("ends the wait for the quota, and no other wait", () => {
    const waiting = { backOffUntilMs: noonMs + 60_000, failures: 2 };
    const exhausted = stateWith({
      ...waiting,
      quota: { day: today, used: 100, forced: { used: 0, lastAtMs: 0 } },
    });
    expect(counted(exhausted, 40, 60)).toMatchObject({ backOffUntilMs: 0, failures: 0 });
    expect(counted(exhausted, 100, 0)).toMatchObject(waiting);
    expect(counted(stateWith(waiting), 40, 60)).toMatchObject(waiting);
  });
});

describe("a single-use input", () => {
  const rotating = { rotates: true, inputGraceMs: 60_000 };
  const sent = after(
    stateWith({ credential: storedCredential("T1", { nextInput: "c1" }) }),
    intent({ input: "f1" }),
    0,
    rotating,
  );

  it("that was sent may be sent again within its grace period, counted from the first time", () => {
    expect(sent.consumedInput).toEqual({ fingerprint: "f1", atMs: noonMs });
    const unknown = after(
      sent,
      {
        type: "abandon",
        operationId: "op",
        outcomeId: "o",
        sentAtMs: noonMs,
        outcome: "unknown",
        code: "x",
      },
      8_000,
      rotating,
    );
    const again = after(
      { ...unknown, backOffUntilMs: 0 },
      intent({ input: "f1", operationId: "op2" }),
      59_000,
      rotating,
    );
    expect(again.consumedInput).toEqual({ fingerprint: "f1", atMs: noonMs });
    const refused = after(
      again,
      {
        type: "abandon",
        operationId: "op2",
        outcomeId: "p",
        sentAtMs: noonMs + 59_000,
        outcome: "refused",
        code: "-1",
      },
      59_500,
      rotating,
    );
    expect(refused.consumedInput).toEqual({ fingerprint: "f1", atMs: noonMs });
    expect(
      decide(
        { ...refused, backOffUntilMs: 0 },
        intent({ input: "f1", operationId: "op3" }),
        80_000,
        rotating,
      ).verdict,
    ).toEqual({
      kind: "input-in-doubt",
    });
  });

  it("that was refused is not uncertain", () => {
    expect(
      after(
        sent,
        {
          type: "abandon",
          operationId: "op",
          outcomeId: "o",
          sentAtMs: noonMs,
          outcome: "refused",
          code: "-1",
        },
        100,
        rotating,
      ),
    ).not.toHaveProperty("consumedInput");
  });

  it("is not recovered while its request may still be processed", () => {
    const soon = { ...rotating, inputGraceMs: 0 };
    expect(decide(sent, intent({ input: "f1", operationId: "op2" }), 1_000, soon).verdict).toEqual({
      kind: "wait",
      why: "drain",
      untilMs: noonMs + rules.drainMs,
    });
    expect(
      decide(sent, intent({ input: "f1", operationId: "op2" }), rules.drainMs, soon).verdict,
    ).toEqual({ kind: "input-in-doubt" });
  });

  it("that the platform has named is sent, and replaces the previous one", () => {
    const next = after(
      sent,
      intent({ input: "f2", recovered: "c2", operationId: "op2" }),
      70_000,
      rotating,
    );
    expect(next).toMatchObject({
      consumedInput: { fingerprint: "f2", atMs: noonMs + 70_000 },
      credential: { nextInput: "c2", fingerprint: "T1" },
    });
    const same = after(
      sent,
      intent({ input: "f1", recovered: "c1", operationId: "op2" }),
      70_000,
      rotating,
    );
    expect(same.consumedInput).toEqual({ fingerprint: "f1", atMs: noonMs + 70_000 });
  });
});
