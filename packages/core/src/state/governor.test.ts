import { describe, expect, it } from "vitest";
import type { Parameters } from "../parameters.ts";
import { scriptedIssuer } from "../testing/index.ts";
import { manualClock } from "../testing/manual-clock.ts";
import {
  allowedAtMs,
  answered,
  budgetOf,
  mergedBudgets,
  refundTo,
  spendFrom,
  type Cause,
} from "./governor.ts";
import { forcedFor, quotaFor, quotaOn, refund, resetsAtMs, spend } from "./quota.ts";
import { reduce } from "./reduce.ts";
import { rulesFor, type Rules } from "./rules.ts";
import { after, stateWith, commit, intent, noonMs, rules, today } from "./state.fixture.ts";
import type { Budgets } from "./state.ts";

const rejected: Cause = { reason: "rejected", forced: false };
const dayMs = 86_400_000;

/** The production rules of an issuer with this quota. */
function rulesOf(quotaPerDay: number): Rules {
  const parameters = { drainMs: 15_000, quotaPerDay, quotaReserve: 0.1 } as Parameters;
  return rulesFor(scriptedIssuer({ clock: manualClock() }), parameters);
}

/** The times at which the budget lets requests leave, if one is wanted every `everyMs`. */
function spent(name: "rejected" | "manual", everyMs: number, forMs: number, of: Rules): number[] {
  const left: number[] = [];
  let budgets: Budgets | undefined;
  for (let nowMs = noonMs; nowMs < noonMs + forMs; nowMs += everyMs) {
    const state = stateWith(budgets === undefined ? {} : { budgets });
    if (allowedAtMs(state, { reason: name, forced: false }, of) > nowMs) continue;
    budgets = spendFrom(name === "rejected" ? "refusals" : "manual", budgets, nowMs, of);
    left.push(nowMs);
  }
  return left;
}

describe("the budget of rejections", () => {
  it("allows a tenth of the day's quota at once, and 60 % in any 24 h", () => {
    const left = spent("rejected", 10_000, 2 * dayMs, rulesOf(2_000));
    expect(
      left.findIndex((atMs, index) => index > 0 && atMs - (left[index - 1] ?? 0) > 10_000),
    ).toBeGreaterThanOrEqual(200);
    const most = Math.max(
      ...left.map(
        (fromMs) => left.filter((atMs) => atMs >= fromMs && atMs < fromMs + dayMs).length,
      ),
    );
    expect(most).toBeLessThanOrEqual(1_200);
    expect(most).toBeGreaterThan(1_190);
  });

  it.each([35_000, 120_000, 300_000, 600_000])(
    "allows an immediate fetch for each of the refusals in 2 h that come every %d ms",
    (everyMs) => {
      expect(spent("rejected", everyMs, 7_200_000, rulesOf(2_000))).toHaveLength(
        Math.ceil(7_200_000 / everyMs),
      );
    },
  );

  it.each([20, 25, 200, 2_000, 100_000])(
    "allows at most 60 %% of a quota of %d a day",
    (perDay) => {
      const left = spent("rejected", 30_000, dayMs, rulesOf(perDay));
      expect(left.length).toBeLessThanOrEqual(0.6 * perDay);
      expect(left.length).toBeGreaterThan(0);
    },
  );

  it("is unlimited if the platform has no quota", () => {
    expect(spent("rejected", 1_000, 3_600_000, rulesOf(Number.MAX_SAFE_INTEGER))).toHaveLength(
      3_600,
    );
  });

  it("does not limit planned refreshes, nor issuers whose fetches kill nothing", () => {
    const named = (
      ["cold", "advisory", "mandatory", "expired", "rejected", "reconcile", "manual"] as const
    ).map((reason) => budgetOf(reason, stateWith(), rules));
    expect(named).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      "refusals",
      undefined,
      "manual",
    ]);
    expect(budgetOf("rejected", stateWith(), { ...rules, supersedes: false })).toBeUndefined();
  });

  it("is not used while a reconciling refresh is due", () => {
    const spentUntil = { refusals: noonMs + dayMs, manual: 0 };
    expect(allowedAtMs(stateWith({ budgets: spentUntil }), rejected, rules)).toBeGreaterThan(
      noonMs,
    );
    const owing = stateWith({ budgets: spentUntil, doubtSinceMs: noonMs });
    expect(allowedAtMs(owing, rejected, rules)).toBe(0);
    const announced = after(owing, intent({ reason: "rejected", refused: "T1", isDead: true }));
    expect([announced.budgets, announced.intent?.budget]).toEqual([spentUntil, undefined]);
    expect(
      allowedAtMs(
        stateWith({ budgets: spentUntil, doubtSinceMs: noonMs }),
        { reason: "manual", forced: false },
        rules,
      ),
    ).toBe(0);
  });

  it("is used by the second of two refusals during one doubt", () => {
    const refused = (fingerprint: string): Cause & { refused: string } => ({
      ...rejected,
      refused: fingerprint,
      isDead: true,
    });
    const owing = stateWith({ doubtSinceMs: noonMs, inFlightUntilMs: noonMs + rules.drainMs });
    const first = after(owing, intent(refused("T1")), 1_000);
    // An earlier request may still be processed, so the doubt stays.
    const sent = { sentAtMs: noonMs + 1_000, expiresAtMs: noonMs + dayMs };
    const again = after(first, commit({}, sent), 1_300);
    expect([again.doubtSinceMs, again.budgets]).toEqual([noonMs, undefined]);
    const second = after(
      again,
      intent({ ...refused("T2"), operationId: "op2", outcomeId: "o2" }),
      2_000,
    );
    expect([second.doubtSinceMs, second.intent?.budget]).toEqual([noonMs, "refusals"]);
  });

  it("is used by the refreshes that follow a failed one during a doubt", () => {
    const owing = (failures: number): string | undefined =>
      budgetOf("rejected", stateWith({ doubtSinceMs: noonMs, failures }), rules);
    expect([owing(0), owing(1), owing(2)]).toEqual([undefined, undefined, "refusals"]);
  });

  it("is not used by the first refusal during a doubt, even in an empty document", () => {
    const { credential, ...empty } = stateWith({ doubtSinceMs: noonMs });
    const asked = { ...empty, credential: { ...credential!, sentAtMs: noonMs } };
    for (const state of [empty, asked]) expect(budgetOf("rejected", state, rules)).toBeUndefined();
    const later = { ...empty, credential: { ...credential!, sentAtMs: noonMs + 1 } };
    expect(budgetOf("rejected", later, rules)).toBe("refusals");
  });

  it("allows at most 60 % of the quota in any 24 h, even if each request leaves a doubt", () => {
    const of = rulesOf(2_000);
    let state = stateWith();
    const left: number[] = [];
    for (let nowMs = noonMs; nowMs < noonMs + dayMs; nowMs += 10_000) {
      const { fingerprint } = state.credential!;
      const id = String(nowMs);
      const event = intent({
        ...rejected,
        refused: fingerprint,
        isDead: true,
        operationId: id,
        outcomeId: id,
      });
      const { state: announced, verdict } = reduce(state, event, nowMs, of);
      if (verdict.kind !== "send" || announced === undefined) continue;
      left.push(nowMs);
      const times = { sentAtMs: nowMs, issuedAtMs: nowMs + 300, expiresAtMs: nowMs + 7_200_000 };
      const answer = commit(
        { epoch: verdict.intent.epoch, operationId: id, outcomeId: `${id} c`, intentOutcomeId: id },
        { fingerprint: id, ...times },
      );
      // Another node reports an outcome meanwhile.
      const met = { ...announced, outcomeId: "other" };
      state = reduce(met, answer, nowMs + 300, of).state!;
      expect(state.doubtSinceMs).toBeDefined();
    }
    expect(left.length).toBeLessThanOrEqual(1_201);
  });

  it("is refunded for a request that was never sent, and counts both sides when two documents are merged", () => {
    const once = spendFrom("refusals", undefined, noonMs, rules);
    const twice = spendFrom("refusals", once, noonMs + 5, rules);
    expect(refundTo("refusals", twice, rules)).toEqual(once);
    expect(mergedBudgets(once, spendFrom("manual", undefined, noonMs, rules))).toEqual({
      refusals: once.refusals,
      manual: noonMs + rules.governor.manual.intervalMs,
    });
    expect(mergedBudgets(undefined, once)).toBe(once);
  });
});

describe("an operator's budget", () => {
  it("is not used by rejections, and allows at least two revocations", () => {
    const of = rulesOf(20);
    let budgets: Budgets | undefined;
    for (let count = 0; count < 100; count += 1)
      budgets = spendFrom("refusals", budgets, noonMs, of);
    expect(allowedAtMs(stateWith({ budgets: budgets! }), rejected, of)).toBeGreaterThan(noonMs);
    expect(
      allowedAtMs(stateWith({ budgets: budgets! }), { reason: "manual", forced: true }, of),
    ).toBe(0);
    expect(spent("manual", 1_000, 60_000, of)).toHaveLength(4);
    expect(spent("manual", 60_000, dayMs, rulesOf(2_000)).length).toBeLessThanOrEqual(80);
  });
});

describe("a refused credential that the platform keeps returning", () => {
  const stable = { ...rules, supersedes: false };
  const suspect = { fingerprint: "T1", atMs: 0 } as const;

  it("is requested at growing intervals: after 1 s, and at most every 10 min", () => {
    const gaps = [0, 1, 2, 3, 10, 11, 1e6].map((count) => {
      const atMs = allowedAtMs(
        stateWith({ governor: { count, lastMs: noonMs } }),
        rejected,
        stable,
      );
      return atMs === 0 ? 0 : (atMs - noonMs) / 1_000;
    });
    expect(gaps).toEqual([0, 1, 2, 4, 512, 600, 600]);
    expect(answered(stateWith({ governor: { count: 3, lastMs: 1 } }), true, noonMs)).toEqual({
      count: 4,
      lastMs: noonMs,
    });
    expect(answered(stateWith({ governor: { count: 3, lastMs: 1 } }), false, noonMs)).toEqual({
      count: 0,
      lastMs: noonMs,
    });
  });

  it("is requested at once if it is newly called dead, or if the request is forced or planned", () => {
    const governor = { count: 9, lastMs: noonMs };
    const dead = { ...rejected, isDead: true };
    expect(allowedAtMs(stateWith({ governor }), dead, stable)).toBe(0);
    expect(allowedAtMs(stateWith({ governor, suspect }), dead, stable)).toBe(0);
    expect(
      allowedAtMs(stateWith({ governor, suspect: { ...suspect, dead: true } }), dead, stable),
    ).toBeGreaterThan(noonMs);
    expect(allowedAtMs(stateWith({ governor }), { ...rejected, forced: true }, stable)).toBe(0);
    expect(allowedAtMs(stateWith({ governor }), { reason: "expired", forced: false }, stable)).toBe(
      0,
    );
  });
});

describe("the quota ledger", () => {
  const quota = { day: today, used: 7, forced: { used: 2, lastAtMs: noonMs } };

  it("starts again at midnight of the platform's time zone, and remembers the last forced refresh", () => {
    const midnightMs = resetsAtMs(noonMs, rules);
    expect(new Date(midnightMs).toISOString()).toMatch(/T16:00:00\.000Z$/);
    expect(quotaOn(quota, midnightMs - 1, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs, rules)).toEqual({
      day: today + 1,
      used: 0,
      forced: { used: 0, lastAtMs: noonMs },
      otherDay: { day: today, used: 7, forcedUsed: 2 },
    });
  });

  it("leaves a tenth for requests that cannot wait, and an operator's budget for the operator", () => {
    const caps = (
      ["advisory", "mandatory", "reconcile", "cold", "expired", "rejected", "manual"] as const
    ).map((reason) => quotaFor(reason, rules));
    expect(caps).toEqual([90, 90, 90, 100, 100, 96, 100]);
  });

  it("leaves four of twenty forced requests for the operator", () => {
    const forced = (perDay: number): Rules => ({ ...rules, forced: { perDay, gapMs: 0 } });
    expect([20, 3, 1, 0].map((perDay) => forcedFor("rejected", forced(perDay)))).toEqual([
      16, 2, 0, 0,
    ]);
    expect(forcedFor("manual", forced(20))).toBe(20);
  });

  it("counts each request once, and subtracts one that was never sent, but never below 0", () => {
    expect(spend(quota, false, 5)).toEqual({ ...quota, used: 8 });
    expect(spend(quota, true, 5)).toEqual({
      day: today,
      used: 8,
      forced: { used: 3, lastAtMs: 5 },
    });
    expect(refund(quota, 0, rules).used).toBe(6);
    expect(refund({ ...quota, used: 0 }, 0, rules).used).toBe(0);
  });
});
