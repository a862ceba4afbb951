/** Draws from a seeded source, in the shapes that a world of faults needs. */
import type { Random } from "@lingpai/core";

export class Chance {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Whether something of this probability happens. Draws in any case, so that a changed probability
   * leaves the other draws alone.
   */
  happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random.next();
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  /** The time until the next of events that come at random, in the unit of their mean distance. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.#random.next());
  }

  /** Every order of magnitude between the two, which are above 0, is equally likely. */
  magnitude(low: number, high: number): number {
    return low * Math.exp(Math.log(high / low) * this.#random.next());
  }
}
