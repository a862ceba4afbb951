/**
 * Keeps exactly one live credential per AppID across nodes and environments.
 *
 * @packageDocumentation
 */
export * from "./errors.ts";
export * from "./time.ts";
export * from "./random.ts";
export * from "./secret.ts";
export * from "./cache.ts";
export * from "./lock.ts";
export * from "./wait-queue.ts";
export * from "./issuer.ts";
export * from "./events.ts";
export * from "./event-bus.ts";
export * from "./prefix.ts";
export * from "./create-cache.ts";
export * from "./create-lock.ts";
export * from "./single-flight.ts";
export { keyring } from "./keyring.ts";
export type { Keyring, KeyringOptions, SealingKey } from "./keyring.ts";
export * from "./sealed.ts";
export { createStore, storeFrom, type Store, type StoreOptions } from "./store.ts";
export * from "./lease.ts";
export { parametersFor, type Parameters } from "./parameters.ts";
export { credential } from "./credential/credential.ts";
export { credentialOptionNames } from "./credential/setting.ts";
export {
  requireCache,
  requireClock,
  requireKnown,
  requireLock,
  requireObject,
  requireOneOf,
  requireShape,
} from "./known-options.ts";
export * from "./claims-path.ts";
export { releaseClaim } from "./credential/release-claim.ts";
export type * from "./credential/types.ts";
