/**
 * WeChat's credentials as core's issuers, and a client whose calls survive a token that dies.
 *
 * @packageDocumentation
 */
export { releaseClaim } from "@lingpai/core";
export { wechat } from "./wechat.ts";
export type { Wechat, WechatOptions } from "./wechat.ts";
export type { UserSession } from "./login.ts";
export { createApi, tokenlessApi } from "./api.ts";
export type { Api, ApiOptions, ApiRequest, TokenlessOptions } from "./api.ts";
export { plainToken } from "./plain-token.ts";
export type { PlainTokenOptions, TokenOptions } from "./plain-token.ts";
export { stableToken } from "./stable-token.ts";
export { openPlatform } from "./open-platform.ts";
export type { OpenPlatform, OpenPlatformOptions, PreAuthCode, Tenant } from "./open-platform.ts";
export { componentToken } from "./component-token.ts";
export type { ComponentTokenOptions } from "./component-token.ts";
export { authorizerToken } from "./authorizer-token.ts";
export type { AuthorizerTokenOptions } from "./authorizer-token.ts";
export { wecomSuite } from "./wecom-suite.ts";
export type { SuiteCorp, WecomSuite, WecomSuiteOptions } from "./wecom-suite.ts";
export { corpGroupToken } from "./corp-group-token.ts";
export type { CorpGroupTokenOptions } from "./corp-group-token.ts";
export { corpToken, providerToken, suiteToken } from "./suite-token.ts";
export type { CorpTokenOptions, ProviderTokenOptions, SuiteTokenOptions } from "./suite-token.ts";
export { pushedTicket } from "./pushed-ticket.ts";
export type { PushedTicket, PushedTicketOptions, PushedTicketStatus } from "./pushed-ticket.ts";
export { accountMessages } from "./account-messages.ts";
export type {
  AccountMessage,
  AccountMessages,
  AccountMessagesOptions,
  AccountReply,
} from "./account-messages.ts";
export type { AuthorizationPage } from "./authorization-page.ts";
export type { MessageKeys, PushRefusal, PushRequest, Receivers } from "./push-envelope.ts";
export type { PushContent, PushDocument } from "./push-document.ts";
export type {
  PushHandler,
  PushMessage,
  PushOptions,
  PushReply,
  ReceivingOptions,
} from "./push-handler.ts";
export { pushKinds } from "./push-kinds.ts";
export type { PushKind } from "./push-kinds.ts";
export type { Quota, QuotaDesk } from "./quota.ts";
export {
  accountParameter,
  componentParameter,
  providerParameter,
  suiteParameter,
} from "./token-parameter.ts";
export type { TokenParameter } from "./token-parameter.ts";
export { ticket, wecomTicket } from "./ticket.ts";
export type { TicketOptions, TicketType, WecomTicketOptions, WecomTicketType } from "./ticket.ts";
export { wecom } from "./wecom-client.ts";
export type { AgentConfig, Wecom, WecomOptions } from "./wecom-client.ts";
export { wecomToken } from "./wecom.ts";
export type { WecomTokenOptions } from "./wecom.ts";
export { jsSdkSignature } from "./js-sdk.ts";
export type { JsSdkConfig, JsSdkSignatureInput } from "./js-sdk.ts";
export type { Fetch, PlatformOptions } from "./platform.ts";
export type { SecretOption } from "./secret-source.ts";
export { signedFetch } from "./signed-fetch.ts";
export type { SignedFetchOptions } from "./signed-fetch.ts";
export { CallTimeoutError } from "./call-deadline.ts";
export { InvalidAnswerError, WechatApiError } from "./errors.ts";
export { errorTable, wecomErrorTable } from "./errors-table.ts";
export type { Action, EndpointClass, ErrorRow } from "./errors-table.ts";
export { classify } from "./classify.ts";
