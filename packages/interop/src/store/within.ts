/** A deadline for stores that never answer. */
import { CacheUnavailableError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

/**
 * Settles as `work` does, or rejects with `CACHE_UNAVAILABLE` after `limitMs`. A later result is
 * dropped.
 */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(
        new CacheUnavailableError(
          `The store did not answer within ${limitMs} ms (storeDeadlineMs).`,
          {
            reason: "timeout",
          },
        ),
      );
    const cancel = clock.setTimer(limitMs, late, { background: true });
    work.then(resolve, reject).finally(cancel);
  });
}
