/** The interface that an adapter's author implements to provide a lock. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { Busy, Granted } from "./lock.ts";

/**
 * The operations of `Lock` on complete names, as {@link CacheDriver} describes them. Each is
 * one atomic step. A cache's `clear` must never remove the state of a lock.
 */
export interface LockDriver {
  /** Shown in errors: `ioredis`, `memory`. */
  readonly kind: string;
  /** As `Lock.tryAcquire`. */
  tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy>;
  /** As `Lock.extend`. */
  extend(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /** As `Lock.release`. */
  release(name: string, owner: string): Promise<boolean>;
  /** As `Lock.onRelease`. */
  onRelease?(name: string, listener: () => void): Promise<Unsubscribe>;
  /** As `CacheDriver.recover`. */
  recover?(): void;
}
