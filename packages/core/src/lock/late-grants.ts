/** Releases locks that are granted after their owner stopped waiting. */
import type { Busy, Granted } from "./lock.ts";
import type { LockDriver } from "./lock-driver.ts";
import { start } from "../time/wait.ts";

/** An owner's requests that the driver has not answered yet. */
interface Asked {
  requests: number;
  isGivenUp: boolean;
}

/**
 * Wraps a driver so that a release also ends a grant that comes after it.
 *
 * A release can overtake a request of its own owner: on another connection of a pool, or while the
 * request is several of the store's. Such a grant would stand for its whole ttl without a holder.
 * So a request that is answered after its owner's release, and may have been granted, is released
 * again, unless the owner has asked again since.
 */
export function releasingLateGrants(driver: LockDriver): LockDriver {
  const askedBy = new Map<string, Asked>();
  const { kind } = driver;
  return {
    kind,
    tryAcquire(name, owner, ttlMs) {
      const answer = driver.tryAcquire(name, owner, ttlMs);
      const id = idOf(name, owner);
      const asked = askedBy.get(id) ?? { requests: 0, isGivenUp: false };
      askedBy.set(id, asked);
      asked.requests += 1;
      asked.isGivenUp = false;
      const settle = (mayBeGranted: boolean): void => {
        asked.requests -= 1;
        if (asked.requests === 0) askedBy.delete(id);
        if (mayBeGranted && asked.isGivenUp)
          start(() => driver.release(name, owner)).catch(() => {});
      };
      answer.then(
        ({ acquired }: Granted | Busy) => settle(acquired),
        () => settle(true),
      );
      return answer;
    },
    extend: (name, owner, ttlMs) => driver.extend(name, owner, ttlMs),
    release(name, owner) {
      const asked = askedBy.get(idOf(name, owner));
      if (asked) asked.isGivenUp = true;
      return driver.release(name, owner);
    },
    ...(driver.onRelease && { onRelease: (name, listener) => driver.onRelease!(name, listener) }),
  };
}

/** Neither contains a space. */
function idOf(name: string, owner: string): string {
  return `${name} ${owner}`;
}
