import { seededRandom } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { Chance } from "../world/chance.ts";
import { faultRatesOf, noFaults } from "./fault-rates.ts";

const ratesOf = (seed: number, wild = true) =>
  faultRatesOf(new Chance(seededRandom(seed)), 1, wild);

test("each fault is drawn for some of a hundred seeds, and not for all", () => {
  const rates = Array.from({ length: 100 }, (_, seed) => ratesOf(seed));
  for (const name of ["chaos", "absurdLife", "repeatedAnswer", "busyAnswer"] as const) {
    const seeds = rates.filter((each) => each[name] !== noFaults[name]).length;
    expect(seeds, name).toBeGreaterThan(10);
    expect(seeds, name).toBeLessThan(60);
  }
});

test("the reference figures are measured without chaos", () => {
  expect(ratesOf(1, false).chaos).toBe(0);
});
