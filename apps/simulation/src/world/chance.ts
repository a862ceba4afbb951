/** Random draws from a seeded source, in the distributions that fault injection needs. */
import type { Random } from "@lingpai/core";

/** Gives each kind of draw a random stream of its own, named by a label. */
export type Draw = (label: string) => Chance;

export class Chance {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Returns true with this probability. It always draws, so that a changed probability does not
   * change the other draws.
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

  /**
   * Returns the time until the next of events that come at random, in the unit of their mean
   * distance.
   */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.#random.next());
  }

  /** Draws so that every order of magnitude between the two is equally likely. Both are above 0. */
  magnitude(low: number, high: number): number {
    return low * Math.exp(Math.log(high / low) * this.#random.next());
  }
}
