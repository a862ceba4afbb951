import { describe, expect, it } from "vitest";
import { allowedAtMs, counted, isGoverned } from "./governor.ts";
import { quotaFor, quotaOn, refund, resetsAtMs, spend } from "./quota.ts";
import { calm, held, lifetimeMs, noonMs, rules, today } from "./state.fixture.ts";

describe("the governor", () => {
  it("allows two at once, then gaps of 30 s that double up to 10 min", () => {
    const gaps = Array.from({ length: 9 }, (_, count) => {
      const atMs = allowedAtMs(calm({ governor: { count, lastMs: noonMs } }), noonMs, rules);
      return atMs === 0 ? 0 : (atMs - noonMs) / 1_000;
    });
    expect(gaps).toEqual([0, 0, 30, 60, 120, 240, 480, 600, 600]);
    expect(allowedAtMs(calm({ governor: { count: 1e6, lastMs: noonMs } }), noonMs, rules)).toBe(noonMs + 600_000);
  });

  it("starts anew when a credential has survived half its life", () => {
    const governor = { count: 5, lastMs: noonMs };
    const half = calm({ governor, credential: held("T1", { sentAtMs: noonMs - lifetimeMs / 2, expiresAtMs: noonMs + lifetimeMs / 2 }) });
    expect(allowedAtMs(half, noonMs, rules)).toBe(0);
    expect(counted(half, noonMs)).toEqual({ count: 1, lastMs: noonMs });
    expect(allowedAtMs(half, noonMs - 1, rules)).toBeGreaterThan(noonMs);
    expect(counted(calm({ governor }), noonMs)).toEqual({ count: 6, lastMs: noonMs });
  });

  it("governs what is caused from outside the plan", () => {
    const governed = (["cold", "advisory", "mandatory", "expired", "rejected", "reconcile", "manual"] as const).filter(isGoverned);
    expect(governed).toEqual(["rejected", "manual"]);
  });
});

describe("the ledger", () => {
  const quota = { day: today, used: 7, forced: { used: 2, lastAtMs: noonMs } };

  it("starts anew at midnight of the platform's time zone, and remembers the last forced refresh", () => {
    const midnightMs = resetsAtMs(noonMs, rules);
    expect(new Date(midnightMs).toISOString()).toMatch(/T16:00:00\.000Z$/);
    expect(quotaOn(quota, midnightMs - 1, rules)).toBe(quota);
    expect(quotaOn(quota, midnightMs, rules)).toEqual({ day: today + 1, used: 0, forced: { used: 0, lastAtMs: noonMs } });
  });

  it("leaves a tenth to what cannot wait", () => {
    const caps = (["advisory", "mandatory", "reconcile", "cold", "expired", "rejected", "manual"] as const).map((reason) =>
      quotaFor(reason, rules),
    );
    expect(caps).toEqual([90, 90, 90, 100, 100, 100, 100]);
  });

  it("counts each request once, and gives back what never left, never below nothing", () => {
    expect(spend(quota, false, 5)).toEqual({ ...quota, used: 8 });
    expect(spend(quota, true, 5)).toEqual({ day: today, used: 8, forced: { used: 3, lastAtMs: 5 } });
    expect(refund(quota).used).toBe(6);
    expect(refund({ ...quota, used: 0 }).used).toBe(0);
  });
});
