/** A day's quota that the platform reports as used up, whatever the fleet has counted. */
import { describe, expect, it } from "vitest";
import {
  exhaust,
  exhaustedUntilMs,
  granted,
  refund,
  resetsAtMs,
  shownUse,
  spend,
} from "./quota.ts";
import { noonMs, rules, today } from "./state.fixture.ts";
import type { Quota } from "./state.ts";

const hourMs = 3_600_000;
const resetMs = resetsAtMs(noonMs, rules);

/** The platform reported it at noon, when the fleet had counted this many of its 100 fetches. */
function goneAt(used: number): Quota {
  return exhaust({ day: today, used, forced: { used: 0, lastAtMs: 0 } }, noonMs, rules);
}

describe("a day's quota that the platform says is used up", () => {
  it("is tried again after exactly an hour", () => {
    expect(exhaustedUntilMs(goneAt(5), "cold", noonMs, rules)).toBe(noonMs + hourMs);
    expect(exhaustedUntilMs(goneAt(5), "cold", noonMs + hourMs - 1, rules)).toBe(noonMs + hourMs);
    expect(exhaustedUntilMs(goneAt(5), "cold", noonMs + hourMs, rules)).toBeUndefined();
    expect(exhaustedUntilMs(goneAt(5), "cold", noonMs + hourMs + 1, rules)).toBeUndefined();
  });

  it("is tried again at midnight if that is sooner", () => {
    const late = exhaust(goneAt(5), resetMs - 60_000, rules);
    expect(exhaustedUntilMs(late, "cold", resetMs - 60_000, rules)).toBe(resetMs);
  });

  it("is not tried again before midnight by a fleet that has used it up by its own count", () => {
    expect(exhaustedUntilMs(goneAt(99), "cold", noonMs + hourMs, rules)).toBeUndefined();
    expect(exhaustedUntilMs(goneAt(100), "cold", noonMs + hourMs, rules)).toBe(resetMs);
    expect(exhaustedUntilMs(goneAt(120), "cold", noonMs + hourMs, rules)).toBe(resetMs);
  });

  it("counts each try, unless it was never sent", () => {
    const tried = spend(goneAt(5), false, noonMs + hourMs);
    expect(tried).toMatchObject({
      used: 100,
      gone: { day: today, used: 6, nextMs: noonMs + hourMs + 60_000 },
    });
    const unsent = refund(tried, noonMs + hourMs, rules);
    expect(unsent).toEqual({ ...goneAt(5), gone: { day: today, used: 5, nextMs: 0 } });
    expect(exhaustedUntilMs(unsent, "cold", noonMs + hourMs, rules)).toBeUndefined();
    expect(refund(goneAt(0), noonMs, rules).gone?.used).toBe(0);
  });

  it("is shown as the fleet's own count where no cap is known", () => {
    const unlimited = { ...rules, quotaPerDay: Number.MAX_SAFE_INTEGER };
    const counted = { day: today, used: 5, forced: { used: 0, lastAtMs: 0 } };
    const gone = exhaust(counted, noonMs, unlimited);
    expect(
      [counted, gone, spend(gone, false, noonMs)].map((of) => shownUse(of, unlimited)),
    ).toEqual([5, 5, 6]);
    expect(shownUse(goneAt(5), rules)).toBe(100);
  });

  it("is not used up on a day on which the platform did not say so", () => {
    const old: Quota = { ...goneAt(5), day: today + 1, used: 7 };
    expect(spend(old, false, noonMs)).toMatchObject({ used: 8, gone: { day: today, used: 5 } });
    expect(exhaustedUntilMs({ ...old, used: 100 }, "cold", noonMs + 2 * hourMs, rules)).toBe(
      resetsAtMs(noonMs + 2 * hourMs, rules),
    );
    expect(granted(old)).toEqual({ day: today + 1, used: 7, forced: { used: 0, lastAtMs: 0 } });
    expect(granted(goneAt(5)).used).toBe(5);
  });
});
