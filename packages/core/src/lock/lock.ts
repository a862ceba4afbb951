/** The lock's interface, and the driver that an adapter's author writes. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { WaitQueue } from "./wait-queue.ts";

export interface Granted {
  readonly acquired: true;
  /**
   * Rises with every new holder of this name: max(last + 1, the store's time in ms). The same
   * owner, asking again, gets the same.
   */
  readonly fence: number;
  readonly storeNowMs: number;
}

export interface Busy {
  readonly acquired: false;
  /**
   * How long the holder has left, in ms, never above its lease. `Infinity` when the entry never
   * expires.
   */
  readonly remainingMs: number;
}

/**
 * Leases by name, seen through a prefix. Four atomic operations and a wake-up; waiting, renewal and
 * loss signals are {@link acquire}'s. A failure is never "held" or "released": it throws
 * `CACHE_UNAVAILABLE`.
 */
export interface Lock {
  readonly path: readonly string[];
  /**
   * Takes the lock if it is free or already this owner's. `owner` is unguessable and drawn per
   * acquisition; `ttlMs` a whole number from 1 to 2^31 − 1.
   */
  tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy>;
  /**
   * Makes the lease end `ttlMs` from now, never earlier than before. Resolves to false when it is
   * not this owner's any more, even if nobody else took it.
   */
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /**
   * Ends this owner's lease, keeps the fence, wakes waiters. Resolves to false, and changes
   * nothing, when it is not this owner's.
   */
  release(name: string, owner: string): Promise<boolean>;
  /**
   * Calls `listener` after each release of the name, and whenever one may have been missed. A hint,
   * not a promise.
   */
  onRelease?(name: string, listener: () => void): Promise<Unsubscribe>;
  withPrefix(segment: string): Lock;
  /** A view of the same locks at this path from their root. */
  at(path: readonly string[]): Lock;
  /**
   * The order of this process's own waiters, shared by all views of one lock. Present on locks made
   * by {@link createLock}.
   */
  readonly queue?: WaitQueue;
}

/**
 * The driver that an adapter's author writes: see {@link Lock} and, for names, {@link CacheDriver}.
 * A cache's `clear` never removes a lock's state.
 */
export interface LockDriver {
  readonly kind: string;
  tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy>;
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>;
  release(name: string, owner: string): Promise<boolean>;
  onRelease?(name: string, listener: () => void): Promise<Unsubscribe>;
  /** As {@link CacheDriver.recover}. */
  recover?(): void;
}
