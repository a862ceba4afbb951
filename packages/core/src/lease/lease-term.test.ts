import { describe, expect, it } from "vitest";
import { lossOf, remainingMsOf, termOf } from "./lease-term.ts";

const term = termOf({ monotonicMs: 1000, wallMs: 50_000 }, 10_000);
const after = (elapsedMs: number, wallAheadMs = 0): { monotonicMs: number; wallMs: number } => ({
  monotonicMs: 1000 + elapsedMs,
  wallMs: 50_000 + elapsedMs + wallAheadMs,
});

describe("a lease's term", () => {
  it("ends a hundredth of the ttl and 2 ms before the store's", () => {
    expect(lossOf(term, after(9897))).toBeUndefined();
    expect(lossOf(term, after(9898))).toBe("expired");
    expect(remainingMsOf(term, after(9000))).toBe(898);
  });

  it("counts the time that the machine slept", () => {
    expect(lossOf(term, after(4000, 5897))).toBeUndefined();
    expect(lossOf(term, after(4000, 5898))).toBe("suspended");
    expect(lossOf(term, after(9898, 60_000))).toBe("expired");
  });

  it("tolerates small differences of the clocks, without outliving the store's lease", () => {
    expect(remainingMsOf(term, after(5000, 51))).toBe(4898);
    expect(remainingMsOf(term, after(5000, 52))).toBe(4846);
    expect(lossOf(term, after(9847, 51))).toBeUndefined();
  });

  it("is not prolonged by a wall clock that is set back", () => {
    expect(remainingMsOf(term, after(5000, -86_400_000))).toBe(4898);
  });

  it("has already ended at its begin if the ttl is shorter than the margin", () => {
    expect(lossOf(termOf({ monotonicMs: 0, wallMs: 0 }, 2), { monotonicMs: 0, wallMs: 0 })).toBe(
      "expired",
    );
  });
});
