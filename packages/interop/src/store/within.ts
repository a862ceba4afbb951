/** A deadline for stores that never answer. */
import { CacheUnavailableError, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

/**
 * Settles as `work` does, or rejects with `CACHE_UNAVAILABLE` after `limitMs`. A later result is
 * dropped.
 */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  const onLate = (): never => {
    throw new CacheUnavailableError(
      `The store did not answer within ${limitMs} ms (storeDeadlineMs).`,
      { reason: "timeout" },
    );
  };
  return waitFor(work, { deadline: { clock, ms: limitMs, onLate, timer: { background: true } } });
}
