import { describe, expect, it } from "vitest";
import { measurementsOf, judged, ratioAtMost, exactly } from "./measurement.ts";
import { inRounds } from "./rounds.ts";
import { median, medianInterval, medianRatio, quantile, spreadOf } from "./statistics.ts";

describe("the statistics of a bench", () => {
  it("take the middle value, and interpolate if there is none", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 100], 0.99)).toBe(99);
    expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ p25: 2, p75: 4 });
    expect(() => median([])).toThrow(RangeError);
  });

  it("compare within a round, so that a slow round does not make a contender look slow", () => {
    expect(medianRatio([20, 2000, 22], [10, 1000, 10])).toBe(2);
  });

  it("give the ranks between which the median lies with a probability of 95 %", () => {
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);
    // From the tables of the sign test: n = 6, 10, 20, 41.
    expect(medianInterval(upTo(6))).toEqual([1, 6]);
    expect(medianInterval(upTo(10))).toEqual([2, 9]);
    expect(medianInterval(upTo(20).toReversed())).toEqual([6, 15]);
    expect(medianInterval(upTo(41))).toEqual([14, 28]);
    expect(() => medianInterval(upTo(5))).toThrow(RangeError);
  });

  it("let the contenders take turns, with each round beginning with another one", async () => {
    const order: string[] = [];
    const values = await inRounds(["a", "b", "c"], 3, async (name, round) => {
      order.push(name);
      return round;
    });
    expect(order.join("")).toBe("abcbcacab");
    expect(values.get("b")).toEqual([0, 1, 2]);
  });
});

describe("a measurement", () => {
  const figure = { bench: "hot", contender: "x", metric: "hit", value: 3, unit: "ns", ratio: 2 };

  it("reports whether all of its targets were met", () => {
    expect(judged(figure, ratioAtMost(2), exactly(3))).toMatchObject({
      target: "ratio ≤ 2, = 3",
      met: true,
    });
    expect(judged(figure, ratioAtMost(1.9), exactly(3))).toMatchObject({ met: false });
    expect(judged({ ...figure, ratio: null }, ratioAtMost(2))).toMatchObject({ met: false });
    expect(judged(figure)).toEqual(figure);
  });

  it("returns its quartiles as rows of their own", () => {
    const rows = measurementsOf([{ ...figure, spread: { p25: 2, p75: 4 } }]);
    expect(rows.map(({ metric, value, ratio }) => [metric, value, ratio])).toEqual([
      ["hit", 3, 2],
      ["hit, p25", 2, null],
      ["hit, p75", 4, null],
    ]);
  });
});
