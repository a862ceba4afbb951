/**
 * Measures reads of a small value from stores other than Redis, and what an adapter adds to its
 * client.
 */
import { systemClock } from "@lingpai/core";
import type { Bench } from "../bench.ts";
import type { Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { pairs, type Pair } from "./contenders.ts";

const efforts = { full: { ms: 60, rounds: 15 }, quick: { ms: 20, rounds: 1 } } as const;

/** There is no target, because the adapter's share of a round trip differs with each store. */
export const storeGet: Bench = {
  title: "Reading a small value from PostgreSQL, SQLite and Upstash, one after another",
  base: "the raw client reading the same entry",
  async run(effort) {
    const figures: Figure[] = [];
    for (const open of pairs) {
      const pair = await open();
      try {
        figures.push(...(await figuresOf(pair, efforts[effort])));
      } finally {
        await pair.end();
      }
    }
    return figures;
  },
};

async function figuresOf(
  { raw, ours }: Pair,
  { ms, rounds }: { readonly ms: number; readonly rounds: number },
): Promise<readonly Figure[]> {
  const both = [raw, ours];
  for (const { read } of both) await readsPerSecond(read, ms);
  const perSecond = await inRounds(both, rounds, ({ read }) => readsPerSecond(read, ms));
  const base = perSecond.get(raw) ?? [];
  return both.map((contender) => {
    const values = perSecond.get(contender) ?? [];
    return {
      bench: "store-get",
      contender: contender.name,
      metric: "gets one after another",
      value: rounded(median(values)),
      unit: "1/s",
      ratio: rounded(medianRatio(values, base)),
      spread: spreadOf(values),
    };
  });
}

async function readsPerSecond(read: () => unknown, ms: number): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const untilMs = startMs + ms;
  let reads = 0;
  while (systemClock.monotonicMs() < untilMs) {
    await read();
    reads += 1;
  }
  return (reads / (systemClock.monotonicMs() - startMs)) * 1000;
}
