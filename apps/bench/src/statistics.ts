/** Medians and quartiles, because on a shared machine a mean shows what others do. */
import type { Spread } from "./measurement.ts";

/** Interpolates between adjacent values. @throws {RangeError} there are no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const position = q * (sorted.length - 1);
  const low = sorted[Math.floor(position)];
  const high = sorted[Math.ceil(position)];
  if (low === undefined || high === undefined)
    throw new RangeError("A quantile needs at least one value.");
  return low + (high - low) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function spreadOf(values: readonly number[]): Spread {
  return { p25: quantile(values, 0.25), p75: quantile(values, 0.75) };
}

/**
 * Returns the median of the ratios within each round. A disturbance of a whole round affects both
 * sides of its ratio.
 */
export function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
}

/** Rounds to 4 significant digits, because more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
