/**
 * WeChat's credential endpoints with their real semantics, quotas and faults, and a log from the platform's side.
 *
 * @packageDocumentation
 */
export { createSimulator } from "./simulator.ts";
export type { Simulator, SimulatorOptions } from "./simulator.ts";
export { createPlatform } from "./platform.ts";
export type { Platform, PlatformOptions } from "./platform.ts";
export type { AccountOptions } from "./account.ts";
export type { CallRequest, Calls, QuotaBody, TicketBody } from "./calls.ts";
export type { Answer, Granted, Refused, Sender } from "./context.ts";
export { exchange } from "./exchange.ts";
export type { Arrival, Travel } from "./exchange.ts";
export { FaultPlan } from "./fault.ts";
export type { Fault, FaultMatch, FaultSource, FaultSubject, SpoiltBody } from "./fault.ts";
export { formatLog, PlatformLog } from "./log.ts";
export type { LogEntry, LogFilter, LogKind, LogReason, Tally } from "./log.ts";
export type { OfficialAccounts, OkBody, PlainRequest, StableRequest, TokenBody } from "./official.ts";
export type { ForeignOptions, Operator, SpaceName } from "./operator.ts";
export type { Limits, LimitTable } from "./quota.ts";
export type { ErrorBody } from "./refusal.ts";
export type { EndCause, Supersession, TokenKind, TokenView } from "./token.ts";
