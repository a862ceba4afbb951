import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";

describe("seededRandom", () => {
  it("repeats itself for one seed and differs between seeds", () => {
    const draw = (seed: number | string): unknown[] => {
      const random = seededRandom(seed);
      return [random.next(), random.id(), random.next(), random.id()];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw("x")).toEqual(draw("x"));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("draws evenly from [0, 1)", () => {
    const random = seededRandom(7);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = random.next();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      buckets[Math.floor(value * 10)]! += 1;
    }
    for (const count of buckets) expect(count).toBeGreaterThan(850);
  });

  it("never repeats an id, and its ids look like real ones", () => {
    const ids = new Set<string>();
    for (const seed of [1, 2, "1x"]) {
      const random = seededRandom(seed);
      for (let draw = 0; draw < 5000; draw += 1) ids.add(random.id());
    }
    expect(ids.size).toBe(15_000);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
