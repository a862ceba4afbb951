/** Computes figures from the costs of different numbers of credentials. */
import { atMost, judged, ratioAtMost, type Figure } from "../measurement.ts";
import type { Costs } from "./costs.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";

/** With fewer credentials, other changes of the heap hide their share. */
const heapCountMin = 1_000;

type Rounds = ReadonlyMap<number, readonly Costs[]>;

/**
 * @param all the costs of each round, by the number of credentials, the smallest first. For the
 *   start and the heap the slope between two numbers is judged: the cost of one more credential. A
 *   process has fixed costs, and few credentials share them. Only a process that is alone at its
 *   store is ever at rest, because other processes make it read what they have refreshed.
 */
export function figuresOf(
  bench: string,
  contender: string,
  all: Rounds,
  { isAlone }: { readonly isAlone: boolean },
): readonly Figure[] {
  const counts = [...all.keys()];
  const least = counts[0] ?? 1;
  const row = (metric: string, unit: string, values: readonly number[]): Figure => ({
    bench,
    contender,
    metric,
    value: rounded(median(values)),
    unit,
    ratio: null,
    ...(values.length > 1 && { spread: spreadOf(values) }),
  });
  const each = (metric: string, unit: string, count: number, value: Value): Figure =>
    row(
      `${metric} per credential, ${count} credentials`,
      unit,
      valuesOf(all, count, value).map((sum) => sum / count),
    );
  const oneMore = (metric: string, unit: string, pair: Pair, value: Value, limit: number): Figure =>
    judged(
      row(
        `${metric} of one credential more, from ${pair.join(" to ")}`,
        unit,
        slopes(all, pair, value),
      ),
      atMost(limit),
    );
  const compared = (
    metric: string,
    unit: string,
    count: number,
    value: Value,
    limit: number,
  ): Figure => {
    const values = valuesOf(all, count, value);
    const figure = row(`${metric}, ${count} credentials`, unit, values);
    if (count === least) return figure;
    const ratio = rounded(medianRatio(values, valuesOf(all, least, value)));
    return judged({ ...figure, ratio }, ratioAtMost(limit));
  };
  return counts.flatMap((count, index) => {
    const fewer = counts[index - 1];
    const pair: Pair | undefined = fewer === undefined ? undefined : [fewer, count];
    const heapPair = pair !== undefined && pair[0] >= heapCountMin ? pair : undefined;
    return [
      each("start: CPU", "ms", count, startMs),
      ...(pair === undefined ? [] : [oneMore("start: CPU", "ms", pair, startMs, 0.5)]),
      compared("refresh: CPU", "ms", count, ({ refreshMs }) => refreshMs, 1.2),
      ...(isAlone
        ? [
            compared("rest: timers", "timers", count, ({ timers }) => timers, 1),
            compared("rest: subscriptions", "subscriptions", count, (one) => one.subscriptions, 1),
          ]
        : []),
      ...(count >= heapCountMin ? [each("rest: heap", "KiB", count, heapKib)] : []),
      ...(heapPair === undefined ? [] : [oneMore("rest: heap", "KiB", heapPair, heapKib, 4)]),
    ];
  });
}

type Value = (costs: Costs) => number;
type Pair = readonly [fewer: number, more: number];

const startMs: Value = (costs) => costs.startMs;
const heapKib: Value = ({ heapBytes }) => heapBytes / 1_024;

function valuesOf(all: Rounds, count: number, value: Value): readonly number[] {
  return (all.get(count) ?? []).map(value);
}

function slopes(all: Rounds, [fewer, more]: Pair, value: Value): readonly number[] {
  const base = valuesOf(all, fewer, value);
  return valuesOf(all, more, value).map(
    (sum, round) => (sum - (base[round] ?? Number.NaN)) / (more - fewer),
  );
}
