/** What a bench reports. */

/** A row of `--json`. */
export interface Measurement {
  readonly bench: string;
  /** Lingpai's own start with `lingpai`; peers carry the version that was measured. */
  readonly contender: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /**
   * To what the bench measures against, in the same run: the median over its rounds. Null where
   * there is nothing to compare with.
   */
  readonly ratio: number | null;
  /** What was promised, and whether this run kept it. */
  readonly target?: string;
  readonly met?: boolean;
}

/** A measurement, and how far apart the values lay of which it is the median. */
export interface Figure extends Measurement {
  readonly spread?: Spread;
}

/** The quartiles. */
export interface Spread {
  readonly p25: number;
  readonly p75: number;
}

/** A promise about a figure: what it says, and how it is judged. */
export interface Target {
  readonly text: string;
  isMet(figure: Measurement): boolean;
}

export const atMost = (limit: number): Target => ({
  text: `≤ ${limit}`,
  isMet: ({ value }) => value <= limit,
});
export const exactly = (expected: number): Target => ({
  text: `= ${expected}`,
  isMet: ({ value }) => value === expected,
});
export const ratioAtMost = (limit: number): Target => ({
  text: `ratio ≤ ${limit}`,
  isMet: ({ ratio }) => ratio !== null && ratio <= limit,
});
export const ratioAtLeast = (limit: number): Target => ({
  text: `ratio ≥ ${limit}`,
  isMet: ({ ratio }) => ratio !== null && ratio >= limit,
});

export function judged(figure: Figure, ...targets: readonly (Target | undefined)[]): Figure {
  const asked = targets.filter((target) => target !== undefined);
  if (asked.length === 0) return figure;
  return {
    ...figure,
    target: asked.map(({ text }) => text).join(", "),
    met: asked.every((target) => target.isMet(figure)),
  };
}

/** The rows of `--json`: the quartiles become rows of their own. */
export function measurementsOf(figures: readonly Figure[]): readonly Measurement[] {
  return figures.flatMap(({ spread, ...measurement }) => {
    if (spread === undefined) return [measurement];
    const { bench, contender, metric, unit } = measurement;
    const quartile = (name: keyof Spread): Measurement => ({
      bench,
      contender,
      metric: `${metric}, ${name}`,
      value: spread[name],
      unit,
      ratio: null,
    });
    return [measurement, quartile("p25"), quartile("p75")];
  });
}
