/** What core's events and traces cost a hit in memory while nobody listens. */
import { memoryCache, memoryLock, memoryStore } from "@lingpai/adapter-memory";
import * as core from "@lingpai/core";
import type { Credential } from "@lingpai/core";
import { do_not_optimize, measure } from "mitata";
import type { Bench, Effort } from "../bench.ts";
import { judged, type Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianInterval, rounded, spreadOf } from "../statistics.ts";
import { coreWithoutTracing } from "./core-without-tracing.ts";

const efforts = {
  full: { rounds: 41, sampleMs: 40, samplesMin: 5, warmUps: 20_000 },
  quick: { rounds: 7, sampleMs: 1, samplesMin: 1, warmUps: 500 },
} as const;
const limit = 1.05;
const ttlMs = 7_200_000;

interface Contender {
  readonly call: "get()" | "peek()";
  readonly side: "with" | "without";
  readonly hit: () => unknown;
}

export const tracing: Bench = {
  title: "Events and traces while nobody listens: a hit in the process's own memory",
  base: "core without them",
  async run(effort) {
    const held = {
      with: await fresh(core),
      without: await fresh(await coreWithoutTracing()),
    };
    const contenders = (["peek()", "get()"] as const).flatMap((call) =>
      (["with", "without"] as const).map((side): Contender => {
        const one = held[side];
        return { call, side, hit: call === "get()" ? () => one.get() : () => one.peek() };
      }),
    );
    try {
      const { rounds, warmUps } = efforts[effort];
      for (const { hit } of contenders) for (let turn = 0; turn < warmUps; turn += 1) await hit();
      const nanoseconds = await inRounds(contenders, rounds, (each) => sample(each, effort));
      return (["peek()", "get()"] as const).flatMap((call) => {
        const values = (side: Contender["side"]): readonly number[] =>
          nanoseconds.get(
            contenders.find((each) => each.call === call && each.side === side) as Contender,
          ) ?? [];
        return figures(call, values("with"), values("without"));
      });
    } finally {
      await held.with.close();
      await held.without.close();
    }
  },
};

async function fresh({ credential }: Pick<typeof core, "credential">): Promise<Credential> {
  const store = memoryStore();
  const held = credential({
    issuer: {
      id: "bench:tracing",
      policy: { kind: "supersede", overlapMs: 300_000 },
      lifetimeMs: ttlMs,
      issue: async () => ({ secret: "90_abcdefghijklmnopqrstuvwxyz", expiresInMs: ttlMs }),
    },
    cache: memoryCache(store),
    lock: memoryLock(store),
    environment: "bench",
  });
  await held.get();
  return held;
}

async function sample({ call, hit }: Contender, effort: Effort): Promise<number> {
  const { sampleMs, samplesMin } = efforts[effort];
  const { p50 } = await measure(call === "get()" ? hit : () => do_not_optimize(hit()), {
    warmup_threshold: Number.POSITIVE_INFINITY,
    batch_threshold: Number.POSITIVE_INFINITY,
    gc: false,
    min_samples: samplesMin,
    min_cpu_time: sampleMs * 1e6,
  });
  return p50;
}

function figures(
  call: string,
  values: readonly number[],
  base: readonly number[],
): readonly Figure[] {
  const ratios = values.map((value, round) => value / (base[round] ?? Number.NaN));
  const [, high] = medianInterval(ratios);
  const row = { bench: "tracing", contender: `lingpai ${call}` };
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
