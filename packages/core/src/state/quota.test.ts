import { describe, expect, it } from "vitest";
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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The platform's day that begins 12 hours before noon UTC + 8 … */
const midnightMs = today * dayMs - rules.dayOffsetMs;
const quota = { day: today, used: 5, forced: { used: 2, lastAtMs: noonMs } };

describe("the ledger of a day", () => {
  it("begins exactly at midnight in the platform's time zone", () => {
    expect(quotaOn(quota, midnightMs, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs + dayMs - 1, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs + dayMs, rules)).toEqual({
      day: today + 1,
      used: 0,
      forced: { used: 0, lastAtMs: noonMs },
    });
    expect(resetsAtMs(midnightMs, rules)).toBe(midnightMs + dayMs);
    expect(resetsAtMs(midnightMs + dayMs - 1, rules)).toBe(midnightMs + dayMs);
  });

  it("does not begin again if the store's clock steps back over midnight", () => {
    const atFiveUsed = stateWith({ quota: { ...quota, day: today + 1 } });
    const justBefore = midnightMs + dayMs - 1_000;
    expect(quotaOn(atFiveUsed.quota, justBefore, rules)).toBe(atFiveUsed.quota);
    expect(after(atFiveUsed, intent(), justBefore - noonMs).quota).toMatchObject({
      day: today + 1,
      used: 6,
    });
    // It continues at midnight.
    expect(quotaOn(atFiveUsed.quota, midnightMs + dayMs, rules).used).toBe(5);
  });

  it("of a day further ahead is not a valid count", () => {
    expect(quotaOn({ ...quota, day: today + 2 }, noonMs, rules)).toMatchObject({
      day: today,
      used: 0,
    });
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
