import type { Clock } from "@lingpai/core";

/**
 * Returns the store's time in ms since the Unix epoch: the wall clock, except that it never runs
 * backwards. If the wall clock is set back, time continues by the monotonic clock. If it jumps
 * ahead, as after a suspend, time jumps with it.
 */
export function createStoreTime(clock: Clock): () => number {
  let wallMs = clock.wallMs();
  let monotonicMs = clock.monotonicMs();
  let offsetMs = 0;
  return () => {
    const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    if (now.wallMs < wallMs)
      offsetMs += wallMs - now.wallMs + Math.floor(now.monotonicMs - monotonicMs);
    ({ wallMs, monotonicMs } = now);
    return wallMs + offsetMs;
  };
}
