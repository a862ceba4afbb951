/** One deadline for each command of the store: the store's own, or a shorter one. */
import { CacheUnavailableError, ConfigurationError } from "../errors.ts";
import type { Parameters } from "../parameters.ts";
import type { Store } from "../store.ts";
import type { Clock } from "../time/time.ts";
import { waitFor } from "../time/wait.ts";

/**
 * Returns how long the store itself lets a command take, in ms. Undefined when it does not tell.
 *
 * @param given `storeDeadlineMs`, if the credential has one of its own.
 * @throws {ConfigurationError} the given one is longer, so that it would never be reached.
 */
export function storeDeadlineOf({ cache, lock }: Store, given?: number): number | undefined {
  const ownMs = [cache.deadlineMs, lock.deadlineMs].filter((ms) => ms !== undefined);
  if (ownMs.length === 0) return undefined;
  const leastMs = Math.min(...ownMs);
  if (given !== undefined && given > leastMs)
    throw new ConfigurationError(
      `storeDeadlineMs is ${given}, and the store ends each command after ${leastMs} ms by itself. Give its cache and lock deadlineMs: ${given}, and leave storeDeadlineMs out.`,
      { rule: "store" },
    );
  return Math.max(...ownMs);
}

interface CommandTerms {
  readonly clock: Clock;
  readonly parameters: Pick<Parameters, "storeDeadlineMs">;
}

/**
 * Settles as the store's answer does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) at the
 * store's deadline.
 */
export function answered<T>({ clock, parameters }: CommandTerms, answer: Promise<T>): Promise<T> {
  const ms = parameters.storeDeadlineMs;
  const onLate = (): never => {
    throw new CacheUnavailableError(`The store did not answer within ${ms} ms (storeDeadlineMs).`, {
      reason: "timeout",
    });
  };
  return waitFor(answer, { deadline: { clock, ms, onLate } });
}
