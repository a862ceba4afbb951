/**
 * WeChat's credential endpoints with their real semantics, quotas and faults, and a log from the
 * platform's side.
 *
 * @packageDocumentation
 */
export { createSimulator } from "./simulator.ts";
export type { Simulator, SimulatorOptions } from "./simulator.ts";
export { createPlatform } from "./platform.ts";
export type { Platform, PlatformOptions } from "./platform.ts";
export type { AccountOptions } from "./account.ts";
export type { CallRequest, Calls, QuotaBody, TicketBody } from "./calls.ts";
export type { ComponentOptions } from "./component.ts";
export type { Answer, Granted, Refused, Sender } from "./context.ts";
export { exchange } from "./delivery.ts";
export type { Arrival, Travel } from "./delivery.ts";
export { FaultPlan } from "./fault.ts";
export { chaos } from "./chaos.ts";
export type { ChaosOptions } from "./chaos.ts";
export { documentedPaths } from "./documented-paths.ts";
export type { DocumentedPath, Holder } from "./documented-paths.ts";
export { encryptedCorpId } from "./installations.ts";
export type { RefusalOptions } from "./refusals.ts";
export type { Fault, FaultMatch, FaultSource, FaultSubject, SpoiltBody } from "./fault.ts";
export { formatLog, PlatformLog } from "./log.ts";
export type { LogEntry, LogFilter, LogKind, LogReason, Tally } from "./log.ts";
export type {
  OfficialAccounts,
  OkBody,
  PlainRequest,
  StableRequest,
  TokenBody,
} from "./official.ts";
export type {
  AuthorizerInfoBody,
  AuthorizerListBody,
  AuthorizerTokenBody,
  ComponentRequest,
  ComponentTokenBody,
  PreAuthCodeBody,
  QueryAuthBody,
} from "./open-platform-bodies.ts";
export type { OpenPlatform } from "./open-platform.ts";
export type { ForeignOptions, Operator } from "./operator.ts";
export { accountPush } from "./account-push.ts";
export type { AccountPush, AccountPushOptions } from "./account-push.ts";
export { deliver } from "./push.ts";
export type { MessageKeys, Push, Sealing } from "./push.ts";
export { startPushes } from "./push-schedule.ts";
export type { PushSchedule } from "./push-schedule.ts";
export type { Limits, LimitTable } from "./quota.ts";
export type { ErrorBody } from "./refusal.ts";
export type {
  CorpTokenBody,
  ProviderOptions,
  ProviderTokenBody,
  SuiteOptions,
  Suites,
  SuiteTokenBody,
} from "./suites.ts";
export type { SessionBody, Users, UserTokenBody } from "./users.ts";
export type { Supersession } from "./token-space.ts";
export type { EndCause, TokenKind, TokenView } from "./token.ts";
export type { CorpAppOptions, CorpOptions, Wecom, WecomTokenBody } from "./wecom.ts";
