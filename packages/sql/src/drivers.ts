/** The inputs and outputs of the drivers of every database. */
import type { Clock } from "@lingpai/core";
import type { CacheDriver, LockDriver } from "@lingpai/core/driver";

export interface SqlSettings {
  readonly clock: Clock;
  /** How long callers wait for one operation, in ms. */
  readonly deadlineMs: number;
}

/**
 * The drivers from which core makes a cache and a lock: `createCache(cache)`, `createLock(lock)`.
 */
export interface SqlDrivers {
  readonly cache: CacheDriver;
  readonly lock: LockDriver;
}
