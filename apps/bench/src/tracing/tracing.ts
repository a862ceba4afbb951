/** Measures the cost of core's events and traces for a hit in memory without a listener. */
import type { Bench } from "../bench.ts";
import { ours } from "../hot/contenders.ts";
import { sample, warmUp } from "../hot/sample.ts";
import { judged, type Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianInterval, rounded, spreadOf } from "../statistics.ts";
import { coreWithoutTracing } from "./core-without-tracing.ts";

const rounds = { full: 41, quick: 7 } as const;
const limit = 1.05;

export const tracing: Bench = {
  title: "Events and traces while nobody listens: a hit in the process's own memory",
  base: "core without them",
  async run(effort) {
    const [traced, untraced] = [await ours(), await ours(await coreWithoutTracing())];
    const contenders = [...traced.contenders, ...untraced.contenders];
    try {
      for (const contender of contenders) await warmUp(contender, effort);
      const nanoseconds = await inRounds(contenders, rounds[effort], (contender) =>
        sample(contender, effort),
      );
      return traced.contenders.flatMap((contender) => {
        const base = untraced.contenders.find(({ name }) => name === contender.name);
        const baseValues = base && nanoseconds.get(base);
        return figures(contender.name, nanoseconds.get(contender) ?? [], baseValues ?? []);
      });
    } finally {
      await traced.credential.close();
      await untraced.credential.close();
    }
  },
};

function figures(
  contender: string,
  values: readonly number[],
  base: readonly number[],
): readonly Figure[] {
  const ratios = values.map((value, round) => value / (base[round] ?? Number.NaN));
  const [, high] = medianInterval(ratios);
  const row = { bench: "tracing", contender };
  return [
    {
      ...row,
      metric: "hit",
      value: rounded(median(values)),
      unit: "ns",
      ratio: rounded(median(ratios)),
      spread: spreadOf(values),
    },
    judged(
      {
        ...row,
        metric: "ratio, upper end of its 95 % interval",
        value: rounded(high),
        unit: "times",
        ratio: null,
      },
      { text: `< ${limit}`, isMet: ({ value }) => value < limit },
    ),
  ];
}
