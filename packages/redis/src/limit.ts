/** A limit for the waits that core's deadlines do not cover. */
import { CacheUnavailableError, waitFor } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

/** How long opening a connection, or one answer, may take. */
export const limitMs = 5_000;

/**
 * Settles as `answer` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) after {@link limitMs};
 * `giveUp` is then called.
 */
export function withinLimit<T>(
  answer: Promise<T>,
  clock: Clock,
  who: string,
  giveUp?: () => void,
): Promise<T> {
  const onLate = (): never => {
    giveUp?.();
    throw new CacheUnavailableError(
      `${who} did not answer within ${limitMs} ms, which is fixed. Check that it is up and reachable.`,
      { reason: "timeout" },
    );
  };
  return waitFor(answer, { deadline: { clock, ms: limitMs, onLate, timer: {} } });
}
