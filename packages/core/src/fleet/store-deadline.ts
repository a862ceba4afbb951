/** One deadline for each command of the store: the store's own, or a shorter one. */
import { ConfigurationError } from "../errors.ts";
import type { Store } from "../store.ts";

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
