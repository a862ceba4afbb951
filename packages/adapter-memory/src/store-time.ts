import type { Clock } from "@lingpai/core";

/**
 * The store's time in ms since the Unix epoch: the wall clock, except that it never runs backwards.
 * When the wall clock is set back, time goes on from where it was by the monotonic clock; when it
 * leaps ahead, as after a suspend, time leaps with it.
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
