/**
 * The fields that a repair keeps of both documents: the one that the store was set back to, and the
 * one that a node has seen.
 */
import { describe, expect, it } from "vitest";
import { after, stateWith, decide, storedCredential, noonMs, today } from "./state.fixture.ts";
import { emptyState, type State } from "./state.ts";

const known = stateWith({
  credential: storedCredential("T2", { generation: 2, epoch: 20 }),
  previous: { fingerprint: "T1" },
});
const repaired = (stored: Partial<State>, seen: Partial<State> = {}): State =>
  after(stateWith(stored), { type: "repair", outcomeId: "repaired", known: { ...known, ...seen } });

describe("a repair", () => {
  it("is reported as a repair, and needs a credential to write back", () => {
    expect(decide(stateWith(), { type: "repair", outcomeId: "repaired", known }).verdict).toEqual({
      kind: "repaired",
    });
    const { credential: _, ...none } = known;
    expect(decide(undefined, { type: "repair", outcomeId: "repaired", known: none })).toEqual({
      verdict: { kind: "kept" },
    });
  });

  it("of a credential without a known predecessor writes into an empty document only, and names no predecessor", () => {
    const { previous: _, ...first } = known;
    const repair = { type: "repair", outcomeId: "repaired", known: first } as const;
    expect(decide(stateWith(), repair)).toEqual({ verdict: { kind: "kept" } });
    expect(after(emptyState, repair)).not.toHaveProperty("previous");
  });

  it("keeps the later count of rejections that returned the refused credential again", () => {
    const [early, late] = [
      { count: 1, lastMs: noonMs - 9 },
      { count: 4, lastMs: noonMs - 5 },
    ];
    expect(repaired({ governor: early }, { governor: late }).governor).toEqual(late);
    expect(repaired({ governor: late }, { governor: early }).governor).toEqual(late);
    const lost = after(undefined, {
      type: "repair",
      outcomeId: "repaired",
      known: { ...known, governor: late },
    });
    expect(lost.governor).toEqual(late);
    // Of two counts of the same time the stored one stays, because other nodes may already act on
    // it.
    expect(repaired({ governor: { ...late, count: 2 } }, { governor: late }).governor.count).toBe(
      2,
    );
  });

  it("keeps the later time until which a request of either side is in flight", () => {
    const until = (storedMs: number, seenMs: number): number =>
      repaired({ inFlightUntilMs: noonMs + storedMs }, { inFlightUntilMs: noonMs + seenMs })
        .inFlightUntilMs - noonMs;
    expect([until(5, 3), until(3, 5)]).toEqual([5, 5]);
    const lost = after(undefined, {
      type: "repair",
      outcomeId: "repaired",
      known: { ...known, inFlightUntilMs: noonMs + 5 },
    });
    expect(lost.inFlightUntilMs).toBe(noonMs + 5);
  });

  it("keeps the later count of foreign refreshes", () => {
    const [early, late] = [
      { count: 1, lastMs: noonMs - 9 },
      { count: 2, lastMs: noonMs - 5 },
    ];
    expect(repaired({ contention: early }, { contention: late }).contention).toEqual(late);
    expect(repaired({ contention: late }, { contention: early }).contention).toEqual(late);
  });

  it("keeps the used budgets of either side", () => {
    const [one, other] = [
      { refusals: noonMs + 5, manual: 3 },
      { refusals: noonMs + 2, manual: 7 },
    ];
    expect(repaired({ budgets: one }, { budgets: other }).budgets).toEqual({
      refusals: noonMs + 5,
      manual: 7,
    });
    expect(repaired({}, { budgets: other }).budgets).toEqual(other);
    expect(repaired({ budgets: one }).budgets).toEqual(one);
    expect(repaired({})).not.toHaveProperty("budgets");
  });

  it("leaves the fleet on the issuer that it last used", () => {
    const fallback = { sinceMs: noonMs - 5 };
    expect(repaired({}, { fallback }).fallback).toEqual(fallback);
    expect(repaired({ fallback: { sinceMs: 7 } }, { fallback }).fallback).toEqual(fallback);
    expect(repaired({ fallback })).not.toHaveProperty("fallback");
    expect(repaired({})).not.toHaveProperty("fallback");
  });

  it("keeps a doubt of either side, and adds none", () => {
    expect(repaired({ doubtSinceMs: noonMs - 7 }, { doubtSinceMs: noonMs - 9 }).doubtSinceMs).toBe(
      noonMs - 7,
    );
    expect(repaired({}, { doubtSinceMs: noonMs - 9 }).doubtSinceMs).toBe(noonMs - 9);
    expect(repaired({})).not.toHaveProperty("doubtSinceMs");
  });

  it("keeps the mark of a consumer that uses it", () => {
    expect(repaired({ usedAtMs: noonMs - 5 }, { usedAtMs: noonMs - 9 }).usedAtMs).toBe(noonMs - 5);
    expect(repaired({}, { usedAtMs: noonMs - 9 }).usedAtMs).toBe(noonMs - 9);
    expect(repaired({})).not.toHaveProperty("usedAtMs");
  });

  it("keeps the suspect mark of the credential that it writes back", () => {
    const suspect = { fingerprint: "T2", atMs: noonMs };
    expect(repaired({ suspect }).suspect).toEqual(suspect);
  });

  it("keeps an open request that may be later than the credential it writes back, even one of the same epoch", () => {
    const open = (epoch: number) => ({ epoch, operationId: "other", atMs: noonMs - 700_000 });
    expect(repaired({ intent: open(19) })).not.toHaveProperty("intent");
    expect(repaired({ intent: open(20) }).intent).toEqual(open(20));
  });

  it("keeps today's quota count, and of two the higher one", () => {
    const quota = (day: number, used: number): State["quota"] => ({
      day,
      used,
      forced: { used: 0, lastAtMs: 0 },
    });
    const otherDay = { day: today - 1, used: 90, forcedUsed: 0 };
    expect(repaired({ quota: quota(today, 1) }, { quota: quota(today - 1, 90) }).quota).toEqual({
      ...quota(today, 1),
      otherDay,
    });
    expect(repaired({ quota: quota(today - 1, 90) }, { quota: quota(today, 1) }).quota).toEqual({
      ...quota(today, 1),
      otherDay,
    });
    // The store's clock was a day ahead.
    expect(
      repaired({ quota: quota(today, 450) }, { quota: quota(today + 1, 1) }).quota,
    ).toMatchObject({ day: today, used: 450 });
    expect(repaired({ quota: quota(today, 4) }, { quota: quota(today, 9) }).quota).toEqual(
      quota(today, 9),
    );
    const forced = { used: 3, lastAtMs: 5 };
    expect(
      repaired({ quota: { ...quota(today, 4), forced } }, { quota: quota(today, 4) }).quota.forced,
    ).toEqual(forced);
  });
});
