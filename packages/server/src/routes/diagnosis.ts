/** Shares one diagnosis among all callers within ten seconds. */
import type { Clock } from "@lingpai/core";
import type { Diagnosis } from "@lingpai/doctor";

const keptMs = 10_000;

/** A failed diagnosis is not kept. */
export function sharedDiagnosis(
  look: () => Promise<Diagnosis>,
  clock: Clock,
): () => Promise<Diagnosis> {
  let last: { readonly atMs: number; readonly answer: Promise<Diagnosis> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < keptMs) return last.answer;
    const answer = look();
    const made = { atMs: nowMs, answer };
    last = made;
    answer.catch(() => {
      if (last === made) last = undefined;
    });
    return answer;
  };
}
