/** Measures reads of a small value from Redis, and what an adapter adds to its client. */
import { systemClock } from "@lingpai/core";
import type { Bench } from "../bench.ts";
import { judged, ratioAtLeast, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { openWire } from "../wire.ts";
import { readers, type ReadContender } from "./contenders.ts";

const efforts = { full: { ms: 60 }, quick: { ms: 20 } } as const;
/** The ratio at 256 is judged, so it gets more rounds. */
const loads = [
  { concurrency: 1, rounds: { full: 11, quick: 1 } },
  { concurrency: 256, rounds: { full: 41, quick: 1 } },
] as const;

export const redisGet: Bench = {
  title: "Reading a small value from Redis",
  base: "the raw client sending the same command",
  async run(effort) {
    const { ms } = efforts[effort];
    return onServer(async (server, use) => {
      const wire = await openWire(server.url);
      const reading = use(await readers(server.url, wire));
      await wire[Symbol.asyncDispose]();
      const figures: Figure[] = [];
      for (const { concurrency, rounds } of loads) {
        for (const { read } of reading.contenders) await throughput(read, concurrency, ms);
        const perSecond = await inRounds(reading.contenders, rounds[effort], ({ read }) =>
          throughput(read, concurrency, ms),
        );
        figures.push(...figuresOf(reading.contenders, perSecond, concurrency));
      }
      return figures;
    });
  },
};

/** Reads per second, with this many in flight at any time. */
async function throughput(
  read: () => Promise<unknown>,
  concurrency: number,
  ms: number,
): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const untilMs = startMs + ms;
  let reads = 0;
  const reader = async (): Promise<void> => {
    while (systemClock.monotonicMs() < untilMs) {
      await read();
      reads += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, reader));
  return (reads / (systemClock.monotonicMs() - startMs)) * 1000;
}

function figuresOf(
  contenders: readonly ReadContender[],
  perSecond: ReadonlyMap<ReadContender, readonly number[]>,
  concurrency: number,
): readonly Figure[] {
  return contenders.map((contender) => {
    const { base, isOurs, name } = contender;
    const values = perSecond.get(contender) ?? [];
    const baseValues =
      perSecond.get(contenders.find((other) => other.name === base) ?? contender) ?? [];
    const figure: Figure = {
      bench: "redis-get",
      contender: name,
      metric: concurrency === 1 ? "gets one after another" : `gets, ${concurrency} concurrent`,
      value: rounded(median(values)),
      unit: "1/s",
      ratio: rounded(medianRatio(values, baseValues)),
      spread: spreadOf(values),
    };
    return isOurs && concurrency > 1 ? judged(figure, ratioAtLeast(0.9)) : figure;
  });
}
