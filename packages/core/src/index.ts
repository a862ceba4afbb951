/**
 * Keeps exactly one live credential per AppID across nodes and environments.
 *
 * @packageDocumentation
 */
export {
  LingpaiError,
  ConfigurationError,
  CacheUnavailableError,
  UnreadableEntryError,
  ClosedError,
  LockTimeoutError,
  LockLostError,
  LockReenteredError,
  LockUnsupportedError,
  CredentialUnavailableError,
  CredentialConflictError,
  QuotaExhaustedError,
  RecursiveRefreshError,
  IssueError,
  type ErrorCode,
  type LingpaiErrorOptions,
  type CacheUnavailableReason,
  type LockLossReason,
  type CredentialUnavailableReason,
  type IssueOutcome,
} from "./errors.ts";
export {
  systemClock,
  delay,
  type Clock,
  type TimerOptions,
  type CancelTimer,
} from "./time/time.ts";
export { waitFor, type WaitDeadline, type WaitOptions } from "./time/wait.ts";
export { randomNonce, systemRandom, type Random } from "./random.ts";
export { Secret, fingerprint, revealed } from "./secret.ts";
export type {
  Version,
  Entry,
  SetOptions,
  Written,
  Conflict,
  DeleteOptions,
  WatchOptions,
  Cache,
  WatchListener,
} from "./cache/cache.ts";
export type { Granted, Busy, Lock } from "./lock/lock.ts";
export type {
  IssuePolicy,
  RefreshReason,
  IssueRequest,
  Issued,
  CredentialOrigin,
  Issuer,
  IssueQuota,
} from "./issuer.ts";
export {
  eventSeverity,
  type EventContext,
  type CredentialLabel,
  type EventData,
  type FailedRefresh,
  type StaleCause,
  type DoubtCause,
  type EventType,
  type CredentialEvent,
  type EventSeverity,
} from "./events/events.ts";
export {
  eventChannelName,
  createEventBus,
  type EventListener,
  type EventBus,
  type EventBusOptions,
  type ListenOptions,
} from "./events/event-bus.ts";
export {
  measurementChannelName,
  type Figure,
  type StoreFigure,
  type LockWaitFigure,
  type LockHoldFigure,
  type QuotaFigure,
  type ClaimsFigure,
  type RepeatedFigure,
  type Measurement,
} from "./events/measurements.ts";
export {
  getChannelName,
  refreshChannelName,
  type TracedGet,
  type TracedRefresh,
} from "./events/tracing.ts";
export { sealed, type SealedOptions } from "./sealing/sealed.ts";
export type { Lease, TryLeaseOptions, AcquireOptions } from "./lease/lease.ts";
export { tryLease, acquire, withLease } from "./lease/acquire.ts";
export type { Unsubscribe } from "./driver/subscriptions.ts";
export type {
  CredentialOptions,
  OnConflict,
  CallOptions,
  RejectOptions,
  Parent,
  CredentialSource,
  Rejection,
  Checked,
  Credential,
  SeedOptions,
  ObservedQuota,
  CredentialStatus,
} from "./credential.ts";
export { keyring } from "./sealing/keyring.ts";
export type { Keyring, KeyringOptions, SealingKey } from "./sealing/keyring.ts";
export { storeFrom, type Store } from "./store.ts";
export { parametersFor, type Parameters } from "./parameters.ts";
export { credential } from "./manager/manager.ts";
export { credentialOptionKinds } from "./fleet/context.ts";
export {
  requireCache,
  requireKinds,
  requireKnown,
  requireLock,
  requireObject,
  requireOneOf,
  requireOptions,
  requireShape,
  type KindsOf,
  type OptionKind,
  type OptionKinds,
} from "./options.ts";
export { releaseClaim } from "./fleet/release-claim.ts";
export { listClaims, type ListedClaim, type ListedClaims } from "./fleet/list-claims.ts";
