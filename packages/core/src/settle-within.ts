/**
 * Calls of a lock that somebody else wrote: what they throw, and how long their answer is waited
 * for.
 */
import { CacheUnavailableError } from "./errors.ts";
import type { Clock, TimerOptions } from "./time.ts";

/**
 * Settles as `answer` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) after `limitMs`. An
 * answer that comes later is dropped, a rejection too: nobody is told of it as unhandled. `limitMs`
 * may be negative: then there is no time at all.
 */
export function settleWithin<T>(
  answer: Promise<T>,
  limitMs: number,
  clock: Clock,
  options?: TimerOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(
      Math.max(0, limitMs),
      () =>
        reject(
          new CacheUnavailableError(
            `The store did not answer within ${Math.max(0, Math.round(limitMs))} ms.`,
            { reason: "timeout" },
          ),
        ),
      options,
    );
    answer.then(resolve, reject).finally(cancel);
  });
}

/** Calls `operation` now; what it throws instead of rejecting is a rejection all the same. */
export async function start<T>(operation: () => Promise<T>): Promise<T> {
  return operation();
}
