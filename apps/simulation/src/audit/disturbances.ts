/**
 * The times in which a fault disturbed a node, or all nodes. Some promises do not hold in them.
 */

interface Interval {
  readonly who: string | undefined;
  readonly fromMs: number;
  readonly untilMs: number;
}

export class Disturbances {
  readonly #intervals: Interval[] = [];

  /** @param who a node; undefined: all nodes. */
  add(who: string | undefined, fromMs: number, untilMs: number): void {
    this.#intervals.push({ who, fromMs, untilMs });
  }

  /** Returns whether a disturbance of this node overlaps this time. */
  overlap(who: string, fromMs: number, untilMs: number): boolean {
    return this.#intervals.some(
      (interval) =>
        (interval.who === undefined || interval.who === who) &&
        interval.fromMs <= untilMs &&
        interval.untilMs >= fromMs,
    );
  }
}
