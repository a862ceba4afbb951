/**
 * What an adapter's author needs beside the public interfaces: factories that turn a driver of a
 * few atomic operations into a cache, a lock and a store, and the injective names of keys.
 *
 * @packageDocumentation
 */
export type { CacheDriver, DriverWrite } from "./cache/cache-driver.ts";
export { claimsPath } from "./cache/claims-path.ts";
export { createCache, type CacheOptions } from "./cache/create-cache.ts";
export {
  partBytesMax,
  nameBytesMax,
  scopeOf,
  nameOf,
  nameIn,
  keyIn,
  parseName,
} from "./cache/prefix.ts";
export { createSingleFlight, type SingleFlight } from "./lease/keyed-single-flight.ts";
export { createLock, type LockOptions } from "./lock/create-lock.ts";
export type { LockDriver } from "./lock/lock-driver.ts";
export { createWaitQueue, type WaitQueue } from "./lock/wait-queue.ts";
export { createStore, type StoreOptions } from "./store.ts";
