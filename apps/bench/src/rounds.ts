/**
 * Contenders take turns: round after round, each time beginning with another one, so that none has
 * the quiet minute for itself.
 */
export async function inRounds<Contender, Value>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender, round: number) => Promise<Value>,
): Promise<Map<Contender, Value[]>> {
  const values = new Map(contenders.map((contender): [Contender, Value[]] => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      values.get(contender)?.push(await measure(contender, round));
    }
  }
  return values;
}
