/** Measures a hit in the process's own memory. */
import type { Bench } from "../bench.ts";
import { judged, ratioAtMost, type Figure, type Target } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { baseNames, bases, ours, peers, type HotContender } from "./contenders.ts";
import { sample, warmUp } from "./sample.ts";

const rounds = { full: 15, quick: 2 } as const;

export const hot: Bench = {
  title: "A hit in the process's own memory",
  base: `direct hits: ${baseNames.direct}; awaited hits: ${baseNames.awaited}`,
  async run(effort) {
    const own = await ours();
    const contenders = [...bases(), ...own.contenders, ...(await peers())];
    try {
      for (const contender of contenders) await warmUp(contender, effort);
      const nanoseconds = await inRounds(contenders, rounds[effort], (contender) =>
        sample(contender, effort),
      );
      return figuresOf(contenders, nanoseconds);
    } finally {
      await own.credential.close();
    }
  },
};

function figuresOf(
  contenders: readonly HotContender[],
  nanoseconds: ReadonlyMap<HotContender, readonly number[]>,
): readonly Figure[] {
  const valuesOf = (contender: HotContender | undefined): readonly number[] =>
    contender === undefined ? [] : (nanoseconds.get(contender) ?? []);
  const baseOf = (kind: HotContender["kind"]): readonly number[] =>
    valuesOf(contenders.find(({ name }) => name === baseNames[kind]));
  const rivals = contenders.filter(({ kind, side }) => kind === "awaited" && side === "peer");
  const fastestPeer = Math.min(...rivals.map((rival) => median(valuesOf(rival))));
  return contenders.map((contender) => {
    const { kind, name, side } = contender;
    const values = valuesOf(contender);
    const figure: Figure = {
      bench: "hot",
      contender: name,
      metric: `${kind} hit`,
      value: rounded(median(values)),
      unit: "ns",
      ratio: rounded(medianRatio(values, baseOf(kind))),
      spread: spreadOf(values),
    };
    return side === "ours" ? judged(figure, ...targetsOf(kind, fastestPeer)) : figure;
  });
}

function targetsOf(kind: HotContender["kind"], fastestPeer: number): readonly Target[] {
  if (kind === "direct") return [ratioAtMost(2)];
  return [
    ratioAtMost(1.3),
    { text: "faster than every peer", isMet: ({ value }) => value < fastestPeer },
  ];
}
