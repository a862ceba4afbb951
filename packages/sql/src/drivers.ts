/** What the drivers of every database here are made with, and what they are made into. */
import type { Clock } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";

export interface SqlSettings {
  readonly clock: Clock;
  /** How long callers wait for one operation, in ms. */
  readonly deadlineMs: number;
}

/** What core makes a cache and a lock of: `createCache(cache)`, `createLock(lock)`. */
export interface SqlDrivers {
  readonly cache: CacheDriver;
  readonly lock: LockDriver;
}
