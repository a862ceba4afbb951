/** The lock's interface: leases by name, seen through a prefix. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { WaitQueue } from "./wait-queue.ts";

export interface Granted {
  readonly acquired: true;
  /**
   * Rises with every new holder of this name: max(last + 1, the store's time in ms). An owner that
   * asks again gets the same number.
   */
  readonly fence: number;
  readonly storeNowMs: number;
}

export interface Busy {
  readonly acquired: false;
  /**
   * The holder's remaining time, in ms, never more than its lease. `Infinity` when the entry never
   * expires.
   */
  readonly remainingMs: number;
}

/**
 * Leases by name, seen through a prefix: atomic operations and a wake-up. `acquire` adds
 * waiting, renewal and loss signals. A failure is never reported as "held" or "released": it throws
 * `CACHE_UNAVAILABLE`.
 */
export interface Lock {
  /** As `Cache.path`. */
  readonly path: readonly string[];
  /** As `Cache.deadlineMs`. */
  readonly deadlineMs?: number;
  /**
   * Takes the lock if it is free or already belongs to this owner. `owner` must be unguessable, and
   * drawn for each acquisition. `ttlMs` is a whole number from 1 to 2^31 − 1.
   */
  tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy>;
  /**
   * Makes the lease end `ttlMs` from now, never earlier than before. Resolves to false when this
   * owner no longer holds it, even if nobody else does.
   */
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /**
   * Ends this owner's lease, keeps the fence, and wakes waiters. Resolves to false, and changes
   * nothing, when this owner does not hold it.
   */
  release(name: string, owner: string): Promise<boolean>;
  /**
   * Calls `listener` after each release of the name, and whenever a message may have been missed.
   * Messages can be lost, so also ask again after `remainingMs`.
   */
  onRelease?(name: string, listener: () => void): Promise<Unsubscribe>;
  /** As `Cache.withPrefix`. */
  withPrefix(segment: string): Lock;
  /** Returns a view of the same locks at this path, counted from their root. */
  at(path: readonly string[]): Lock;
  /**
   * The queue of this process's own waiters, shared by all views of one lock. Present on locks made
   * by `createLock`.
   */
  readonly queue?: WaitQueue;
}
