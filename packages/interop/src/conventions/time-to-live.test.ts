import { describe, expect, test } from "vitest";
import { isLapsing, ttlFor } from "./time-to-live.ts";

describe("the time to live of a mirrored key", () => {
  test.each([
    [7_200_000, 0, 7_200_000],
    [7_200_000, 200_000, 7_000_000],
    [7_200_000, 300_000, 6_900_000],
    [7_200_000, 1_500_000, 5_700_000],
    [1_740_000, 1_500_000, 240_000],
  ])(
    "is the SDK's own while that is long enough: %d ms left, %d less, %d",
    (remainingMs, lessMs, ttlMs) => {
      expect(ttlFor(remainingMs, lessMs)).toBe(ttlMs);
    },
  );

  test.each([
    [1_739_999, 1_500_000, 240_000],
    [900_000, 1_500_000, 240_000],
    [100_000, 1_500_000, 100_000],
    [100_000, 0, 100_000],
    [0, 0, 0],
  ])(
    "is extended in steps up to the credential's end: %d ms left, %d less, %d",
    (remainingMs, lessMs, ttlMs) => {
      expect(ttlFor(remainingMs, lessMs)).toBe(ttlMs);
    },
  );

  test("is renewed when it runs short and the credential lives longer", () => {
    expect(isLapsing(119_999, 1_600_000, 1_500_000)).toBe(true);
    expect(isLapsing(120_000, 1_600_000, 1_500_000)).toBe(false);
    expect(isLapsing(60_000, 60_000, 0)).toBe(false);
  });

  test("never lets a key lapse before its credential, for any margin that an SDK takes", () => {
    for (const lessMs of [0, 200_000, 300_000, 1_500_000]) {
      let keyEndsMs = ttlFor(7_200_000, lessMs);
      for (let nowMs = 0; nowMs < 7_200_000; nowMs += 30_000) {
        expect(keyEndsMs).toBeGreaterThan(nowMs);
        const remainingMs = 7_200_000 - nowMs;
        if (isLapsing(keyEndsMs - nowMs, remainingMs, lessMs))
          keyEndsMs = nowMs + ttlFor(remainingMs, lessMs);
        expect(keyEndsMs).toBeLessThanOrEqual(7_200_000);
      }
    }
  });
});
