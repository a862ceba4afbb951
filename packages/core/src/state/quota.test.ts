import { describe, expect, it } from "vitest";
import { decodeState, encodeState } from "./codec.ts";
import {
  exhaust,
  exhaustedUntilMs,
  quotaFor,
  quotaOn,
  refund,
  resetsAtMs,
  spend,
} from "./quota.ts";
import {
  abandon,
  after,
  stateWith,
  decide,
  intent,
  noonMs,
  rules,
  today,
} from "./state.fixture.ts";
import { emptyState, type Quota } from "./state.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The platform's day that begins 12 hours before noon UTC + 8 … */
const midnightMs = today * dayMs - rules.dayOffsetMs;
const quota = { day: today, used: 5, forced: { used: 2, lastAtMs: noonMs } };

/** The ledger after so many fetches at this instant, forced ones. */
function afterFetches(from: Quota, nowMs: number, fetches: number): Quota {
  let spent = quotaOn(from, nowMs, rules);
  for (let fetch = 0; fetch < fetches; fetch += 1) spent = spend(spent, true, nowMs);
  return spent;
}

describe("the ledger of a day", () => {
  it("begins exactly at midnight in the platform's time zone", () => {
    expect(quotaOn(quota, midnightMs, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs + dayMs - 1, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs + dayMs, rules)).toEqual({
      day: today + 1,
      used: 0,
      forced: { used: 0, lastAtMs: noonMs },
      otherDay: { day: today, used: 5, forcedUsed: 2 },
    });
    expect(resetsAtMs(midnightMs, rules)).toBe(midnightMs + dayMs);
    expect(resetsAtMs(midnightMs + dayMs - 1, rules)).toBe(midnightMs + dayMs);
  });

  it("does not begin again if the store's clock steps back over midnight", () => {
    const lateMs = midnightMs + dayMs - 1_000;
    const yesterday = afterFetches(emptyState.quota, lateMs, 450);
    const ahead = afterFetches(yesterday, lateMs + 2_000, 5);
    expect(ahead).toMatchObject({ day: today + 1, used: 5 });
    const back = quotaOn(ahead, lateMs, rules);
    expect(back).toMatchObject({ day: today, used: 455, forced: { used: 455 } });
    // Either clock may be the right one, so these count on both days.
    const later = quotaOn(afterFetches(back, lateMs, 3), lateMs + 2_000, rules);
    expect(later).toMatchObject({ day: today + 1, used: 8, forced: { used: 8 } });
    expect(quotaOn(later, lateMs, rules)).toMatchObject({ day: today, used: 458 });
  });

  it("grows by nothing but fetches while the clock steps to and fro", () => {
    const lateMs = midnightMs + dayMs - 1_000;
    let quota = afterFetches(afterFetches(emptyState.quota, lateMs, 450), lateMs + 2_000, 5);
    for (let step = 0; step < 10; step += 1)
      for (const nowMs of [lateMs, lateMs + 2_000]) quota = quotaOn(quota, nowMs, rules);
    expect(quota).toMatchObject({ day: today + 1, used: 5 });
    expect(quotaOn(quota, lateMs, rules)).toMatchObject({ day: today, used: 455 });
  });

  it.each([2, 4_000])(
    "does not begin again if the store's clock was %d days ahead, and begins at the next midnight",
    (days) => {
      const ahead = afterFetches(
        afterFetches(emptyState.quota, noonMs, 450),
        noonMs + days * dayMs,
        30,
      );
      const mended = quotaOn(ahead, noonMs, rules);
      expect(mended).toMatchObject({ day: today, used: 480 });
      const unknown = afterFetches(emptyState.quota, noonMs + days * dayMs, 30);
      expect(quotaOn(unknown, noonMs, rules)).toMatchObject({ day: today, used: 30 });
      const next = quotaOn(mended, noonMs + dayMs, rules);
      expect(next).toMatchObject({ day: today + 1, used: 0, forced: { used: 0 } });
      expect(quotaOn(next, noonMs, rules)).toMatchObject({ day: today, used: 480 });
    },
  );

  it("keeps the last day with a fetch through days without one", () => {
    const yesterday = afterFetches(emptyState.quota, noonMs, 450);
    const ahead = [1, 2, 3].reduce(
      (quota, days) => quotaOn(quota, noonMs + days * dayMs, rules),
      yesterday,
    );
    expect(quotaOn(ahead, noonMs, rules)).toMatchObject({ day: today, used: 450 });
  });

  it("holds the real count of another day that the platform reported as used up", () => {
    const tomorrow = afterFetches(
      exhaust(afterFetches(emptyState.quota, noonMs, 5), noonMs, rules),
      noonMs + dayMs,
      2,
    );
    expect(tomorrow).toMatchObject({ used: 2 });
    const back = quotaOn(tomorrow, noonMs, rules);
    expect(back).toMatchObject({ day: today, used: 7 });
    expect(exhaustedUntilMs(back, "cold", noonMs, rules)).toBeUndefined();
  });

  it("gets a request back on both days that counted it", () => {
    const ahead = afterFetches(emptyState.quota, noonMs + dayMs, 1);
    const back = refund(quotaOn(ahead, noonMs, rules), noonMs + dayMs, rules);
    const none = { used: 0, forced: { used: 0 } };
    expect(back).toMatchObject({ day: today, ...none });
    expect(quotaOn(back, noonMs + dayMs, rules)).toMatchObject({ day: today + 1, ...none });
  });

  it("adds no earlier day to it, and no fetch twice", () => {
    const yesterday = afterFetches(emptyState.quota, noonMs - dayMs, 300);
    const tomorrow = afterFetches(yesterday, noonMs + dayMs, 5);
    expect(quotaOn(tomorrow, noonMs, rules)).toMatchObject({ day: today, used: 5 });
    const ahead = afterFetches(emptyState.quota, noonMs + 2 * dayMs, 5);
    const nearer = quotaOn(ahead, noonMs + dayMs, rules);
    expect(quotaOn(nearer, noonMs, rules)).toMatchObject({ day: today, used: 5 });
  });

  it("is right where a node that does not know the other day began the later one", () => {
    const back = quotaOn(afterFetches(emptyState.quota, noonMs + dayMs, 5), noonMs, rules);
    const begun: Quota = { ...back, day: today + 1, used: 0, forced: { ...back.forced, used: 0 } };
    const tomorrow = afterFetches(begun, noonMs + dayMs, 3);
    expect(tomorrow).toMatchObject({ used: 3, otherDay: { used: 5 } });
    expect(quotaOn(tomorrow, noonMs, rules)).toMatchObject({ day: today, used: 8 });
  });

  it("stays a count that can be stored, whatever numbers it is made from", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const quota = { day: today + 1, used: most, forced: { used: most, lastAtMs: noonMs } };
    const otherDay = { day: today, used: most, forcedUsed: most };
    const back = quotaOn({ ...quota, otherDay }, noonMs, rules);
    expect(back).toMatchObject({ used: most, forced: { used: most } });
    const spent = spend({ ...back, used: 0, forced: { used: 0, lastAtMs: 0 } }, true, noonMs);
    expect(spent.otherDay).toEqual({ day: today + 1, used: most, forcedUsed: most });
    const later = quotaOn(spent, noonMs + dayMs, rules);
    expect(later.otherDay).toEqual({ day: today, used: 0, forcedUsed: 0 });
    for (const each of [back, spent, later])
      expect(decodeState(encodeState(stateWith({ quota: each })), "key").quota).toEqual(each);
  });

  it("gets back the request of an intent that was never sent, even a forced one", () => {
    const unspent = { day: today, used: 3, forced: { used: 1, lastAtMs: noonMs - hourMs } };
    const spent = spend(unspent, true, noonMs);
    expect(spent).toEqual({ day: today, used: 4, forced: { used: 2, lastAtMs: noonMs } });
    expect(refund(spent, noonMs, rules)).toEqual({
      day: today,
      used: 3,
      forced: { used: 1, lastAtMs: noonMs - rules.forced.gapMs },
    });
    expect(refund(spend(unspent, false, noonMs), noonMs, rules)).toEqual(unspent);
    expect(refund({ ...unspent, used: 0 }, noonMs, rules).used).toBe(0);
    const none = { used: 0, lastAtMs: noonMs };
    expect(refund({ ...unspent, forced: none }, noonMs, rules).forced).toEqual(none);
    // Forced again at once: the platform never received the first one.
    const announced = after(stateWith(), intent({ reason: "manual", forced: true }));
    const given = after(announced, abandon({ outcome: "unsent" }), 1_000);
    expect(given.quota.forced.used).toBe(0);
    expect(
      decide(given, intent({ reason: "manual", forced: true, operationId: "again" }), 5_000)
        .verdict,
    ).toMatchObject({ kind: "send" });
  });

  it("keeps counting a forced request that was sent", () => {
    const announced = after(stateWith(), intent({ reason: "manual", forced: true }));
    for (const outcome of ["refused", "unknown"] as const)
      expect(after(announced, abandon({ outcome }), 1_000).quota.forced).toEqual({
        used: 1,
        lastAtMs: noonMs,
      });
  });

  it("that the platform says is used up is tried an hour later, and a minute after a try without an answer", () => {
    const gone = exhaust(quota, noonMs, rules);
    expect(exhaustedUntilMs(gone, "cold", noonMs + hourMs - 1, rules)).toBe(noonMs + hourMs);
    expect(exhaustedUntilMs(gone, "cold", noonMs + hourMs, rules)).toBeUndefined();
    const tried = spend(gone, false, noonMs + hourMs);
    expect(tried.gone?.used).toBe((gone.gone?.used ?? 0) + 1);
    expect(exhaustedUntilMs(tried, "cold", noonMs + hourMs + 59_999, rules)).toBe(
      noonMs + hourMs + 60_000,
    );
    expect(exhaustedUntilMs(tried, "cold", noonMs + hourMs + 60_000, rules)).toBeUndefined();
    expect(exhaust(tried, noonMs + hourMs, rules).gone?.nextMs).toBe(noonMs + 2 * hourMs);
  });

  it("leaves a reserve for requests that cannot wait, and counts as full if the platform says so", () => {
    for (const reason of ["advisory", "mandatory", "reconcile"] as const)
      expect(quotaFor(reason, rules)).toBe(90);
    for (const reason of ["cold", "expired", "manual"] as const)
      expect(quotaFor(reason, rules)).toBe(100);
    expect(exhaust(quota, noonMs, rules).used).toBe(100);
    expect(exhaust({ ...quota, used: 120 }, noonMs, rules).used).toBe(120);
  });
});
