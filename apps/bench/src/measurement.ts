/** The results of a bench. */

/** A row of `--json`. */
export interface Measurement {
  readonly bench: string;
  /** Lingpai's own start with `lingpai`; peers carry the version that was measured. */
  readonly contender: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /**
   * The ratio to the bench's base in the same run: the median over its rounds. Null if there is no
   * base.
   */
  readonly ratio: number | null;
  /** The target, and whether this run met it. */
  readonly target?: string;
  readonly met?: boolean;
}

/** A measurement with the spread of the values of which it is the median. */
export interface Figure extends Measurement {
  readonly spread?: Spread;
}

/** The quartiles. */
export interface Spread {
  readonly p25: number;
  readonly p75: number;
}

/** The target of a figure: its text, and its test. */
export interface Target {
  readonly text: string;
  isMet(figure: Measurement): boolean;
}

export const atMost = (limit: number): Target => ({
  text: `≤ ${limit}`,
  isMet: ({ value }) => value <= limit,
});
export const atLeast = (limit: number): Target => ({
  text: `≥ ${limit}`,
  isMet: ({ value }) => value >= limit,
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
