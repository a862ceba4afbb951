import type { ManualClock } from "./manual-clock.ts";

const stepsMax = 20_000;

/**
 * Lets time pass until the work settles, and settles as the work does. After 20 000 steps time
 * stands still, and the work is only awaited.
 *
 * @param stepMs how far the clock advances at a time.
 */
export async function during<T>(clock: ManualClock, work: Promise<T>, stepMs = 20): Promise<T> {
  const state = { isDone: false };
  const end = (): void => void (state.isDone = true);
  work.then(end, end);
  for (let step = 0; !state.isDone && step < stepsMax; step += 1) await clock.advance(stepMs);
  return work;
}
