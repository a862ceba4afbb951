/** Medians and quartiles. On a shared machine a mean would measure other processes. */
import type { Spread } from "./measurement.ts";

/**
 * Interpolates between adjacent values.
 *
 * @throws {RangeError} There are no values.
 */
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

/**
 * An interval that contains the true median with a probability of 95 %, whatever the distribution:
 * the ranks below and above which fewer than 2.5 % of fair coin tosses fall.
 *
 * @throws {RangeError} There are fewer than 6 values, which is too few.
 */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((one, other) => one - other);
  const { length } = sorted;
  let rank = -1;
  let chance = 0.5 ** length;
  for (let below = chance; below <= 0.025; below += chance) {
    rank += 1;
    chance *= (length - rank) / (rank + 1);
  }
  const [low, high] = [sorted[rank], sorted[length - 1 - rank]];
  if (low === undefined || high === undefined)
    throw new RangeError("An interval of the median needs at least 6 values.");
  return [low, high];
}

/** Rounds to 4 significant digits, because more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
