/**
 * When something stood in the way of a node, or of all: what a promise with a condition must be
 * judged by.
 */

interface Spell {
  readonly who: string | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Disturbances {
  readonly #spells: Spell[] = [];

  /** @param who a node; undefined: all. */
  add(who: string | undefined, fromMs: number, untilMs: number): void {
    this.#spells.push({ who, fromMs, untilMs });
  }

  /** Whether one that concerns this node touches the time between. */
  touch(who: string, fromMs: number, untilMs: number): boolean {
    return this.#spells.some(
      (spell) =>
        (spell.who === undefined || spell.who === who) &&
        spell.fromMs <= untilMs &&
        spell.untilMs >= fromMs,
    );
  }
}
