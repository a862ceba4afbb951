/** Counts failed calls by the event before them. */
import type { Call } from "./program.ts";

/** Calls per second of each program. */
export const rate = 2;

export function failedAfter(
  calls: readonly Call[],
  atMs: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const starts = Object.entries({ start: 0, ...atMs });
  return Object.fromEntries(
    starts.map(([name, fromMs], index) => {
      const untilMs = starts[index + 1]?.[1] ?? Number.POSITIVE_INFINITY;
      const failed = calls.filter(
        (call) => call.code !== 0 && call.atMs >= fromMs && call.atMs < untilMs,
      );
      return [name, failed.length];
    }),
  );
}
