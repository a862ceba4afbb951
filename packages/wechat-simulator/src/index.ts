/**
 * WeChat's credential endpoints with their real semantics, quotas and faults, and a log from the
 * platform's side.
 *
 * @packageDocumentation
 */
// The folders, in the order in which they may import each other:
//   network, paths    faults and delays on the way; hosts and the table of documented paths
//   ledger            tokens, quotas, refusals and the log: what the platform remembers
//   push              encrypted messages, and when they are sent
//   accounts          official accounts and mini programs: tokens, tickets, users, calls
//   open-platform     third-party platforms; beside it wecom: apps, suites, installations
//   platform          all parts together, and what an operator does to them
//   endpoints         which path and body reaches which part
// Above them: simulator.ts (a fetch), server.ts (a port), bin.ts (the command).
export { createSimulator } from "./simulator.ts";
export type { Simulator, SimulatorOptions } from "./simulator.ts";
export { createPlatform } from "./platform/platform.ts";
export type { Platform, PlatformOptions } from "./platform/platform.ts";
export type { AccountOptions } from "./accounts/account.ts";
export type { CallRequest, Calls, QuotaBody, TicketBody } from "./accounts/calls.ts";
export type { ComponentOptions } from "./open-platform/component.ts";
export type { Answer, Granted, Refused, Sender } from "./ledger/context.ts";
export { deliverRequest } from "./network/delivery.ts";
export type { Arrival, DeliveryDelays } from "./network/delivery.ts";
export { FaultPlan } from "./network/fault.ts";
export { chaos } from "./network/chaos.ts";
export type { ChaosOptions } from "./network/chaos.ts";
export { chaosKinds } from "./network/chaos-kinds.ts";
export type { ChaosKind } from "./network/chaos-kinds.ts";
export { documentedPaths } from "./paths/documented-paths.ts";
export type { DocumentedPath, Holder } from "./paths/documented-path.ts";
export { encryptedCorpId } from "./wecom/installations.ts";
export type { RefusalOptions } from "./ledger/standing-refusals.ts";
export type { Fault, FaultMatch, FaultSource, FaultSubject, CorruptBody } from "./network/fault.ts";
export { formatLog, PlatformLog } from "./ledger/log.ts";
export type { LogEntry, LogFilter, LogKind, LogReason, Tally } from "./ledger/log.ts";
export type {
  OfficialAccounts,
  OkBody,
  PlainRequest,
  StableRequest,
  TokenBody,
} from "./accounts/official-accounts.ts";
export type {
  AuthorizerInfoBody,
  AuthorizerListBody,
  AuthorizerTokenBody,
  ComponentRequest,
  ComponentTokenBody,
  PreAuthCodeBody,
  QueryAuthBody,
} from "./open-platform/open-platform-bodies.ts";
export type { OpenPlatform } from "./open-platform/open-platform.ts";
export type { ForeignOptions, Operator } from "./platform/operator.ts";
export { accountPush } from "./push/account-push.ts";
export type { AccountPush, AccountPushOptions } from "./push/account-push.ts";
export { deliver } from "./push/push.ts";
export type { MessageKeys, Push, Sealing } from "./push/push.ts";
export { pushChaos } from "./push/push-chaos.ts";
export type { PushChaosOptions } from "./push/push-chaos.ts";
export { startPushes } from "./push/push-schedule.ts";
export type { PushSchedule } from "./push/push-schedule.ts";
export type { Limits, LimitTable } from "./ledger/quota.ts";
export type { ErrorBody } from "./ledger/refusal.ts";
export type {
  CorpTokenBody,
  ProviderOptions,
  ProviderTokenBody,
  SuiteOptions,
  Suites,
  SuiteTokenBody,
} from "./wecom/suites.ts";
export type { SessionBody, Users, UserTokenBody } from "./accounts/users.ts";
export type { Supersession } from "./ledger/token-space.ts";
export type { EndCause, TokenKind, TokenView } from "./ledger/token.ts";
export type { CorpAppOptions, CorpOptions, Wecom, WecomTokenBody } from "./wecom/wecom.ts";
