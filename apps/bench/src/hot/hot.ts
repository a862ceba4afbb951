/** A hit in the process's own memory. */
import { do_not_optimize, measure } from "mitata";
import type { Bench, Effort } from "../bench.ts";
import { judged, ratioAtMost, type Figure, type Target } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { baseNames, bases, ours, peers, type HotContender } from "./contenders.ts";

const efforts = {
  full: { rounds: 15, sampleMs: 40, samplesMin: 5, warmUps: 20_000 },
  quick: { rounds: 2, sampleMs: 1, samplesMin: 1, warmUps: 500 },
} as const;

export const hot: Bench = {
  title: "A hit in the process's own memory",
  base: `direct hits: ${baseNames.direct}; awaited hits: ${baseNames.awaited}`,
  async run(effort) {
    const own = await ours();
    const contenders = [...bases(), ...own.contenders, ...(await peers())];
    try {
      for (const contender of contenders) await warmUp(contender, effort);
      const nanoseconds = await inRounds(contenders, efforts[effort].rounds, (contender) =>
        sample(contender, effort),
      );
      return figuresOf(contenders, nanoseconds);
    } finally {
      await own.credential.close();
    }
  },
};

/**
 * Fills caches that load by themselves, and lets the compiler finish; proves that there is a hit.
 */
async function warmUp({ name, hit }: HotContender, effort: Effort): Promise<void> {
  for (let turn = 0; turn < efforts[effort].warmUps; turn += 1) await hit();
  if (!(await hit())) throw new Error(`${name} has no hit to measure.`);
}

/**
 * Nanoseconds of one hit: the median over batches of 4096 calls, as mitata's generated loop takes
 * them.
 */
async function sample({ kind, hit }: HotContender, effort: Effort): Promise<number> {
  const { sampleMs, samplesMin } = efforts[effort];
  const call = kind === "awaited" ? hit : () => do_not_optimize(hit());
  const batched = {
    warmup_threshold: Number.POSITIVE_INFINITY,
    batch_threshold: Number.POSITIVE_INFINITY,
  };
  const { p50 } = await measure(call, {
    ...batched,
    gc: false,
    min_samples: samplesMin,
    min_cpu_time: sampleMs * 1e6,
  });
  return p50;
}

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
