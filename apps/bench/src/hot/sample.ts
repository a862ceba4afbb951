/** Measures how long one hit takes. */
import { do_not_optimize, measure } from "mitata";
import type { Effort } from "../bench.ts";
import type { HotContender } from "./contenders.ts";

const efforts = {
  full: { sampleMs: 40, samplesMin: 5, warmUps: 20_000 },
  quick: { sampleMs: 1, samplesMin: 1, warmUps: 500 },
} as const;

/**
 * Fills caches that load by themselves, lets the compiler finish, and checks that there is a hit.
 */
export async function warmUp({ name, hit }: HotContender, effort: Effort): Promise<void> {
  for (let turn = 0; turn < efforts[effort].warmUps; turn += 1) await hit();
  if (!(await hit())) throw new Error(`${name} has no hit to measure.`);
}

/**
 * Returns the nanoseconds of one hit: the median over batches of 4096 calls, as in mitata's
 * generated loop.
 */
export async function sample({ kind, hit }: HotContender, effort: Effort): Promise<number> {
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
