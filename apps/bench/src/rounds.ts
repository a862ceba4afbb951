import { systemClock } from "@lingpai/core";

/**
 * Measures contenders in turn. Each round begins with another one, so that no contender always has
 * the quiet moments.
 *
 * @param budgetMs ends a contender's rounds once its own measurements took this long together. It
 *   is measured at least once. A peer that takes a hundred times longer than the others is then
 *   measured in one round instead of ten, which is enough to show that.
 */
export async function inRounds<Contender, Value>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender, round: number) => Promise<Value>,
  budgetMs: number = Number.POSITIVE_INFINITY,
): Promise<Map<Contender, Value[]>> {
  const values = new Map(contenders.map((contender): [Contender, Value[]] => [contender, []]));
  const spentMs = new Map(contenders.map((contender): [Contender, number] => [contender, 0]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      const before = spentMs.get(contender) ?? 0;
      if (before >= budgetMs) continue;
      const startMs = systemClock.monotonicMs();
      values.get(contender)?.push(await measure(contender, round));
      spentMs.set(contender, before + systemClock.monotonicMs() - startMs);
    }
  }
  return values;
}
