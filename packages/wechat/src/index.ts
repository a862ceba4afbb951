/**
 * WeChat's credentials as core's issuers, and a client whose calls survive a token that dies.
 *
 * @packageDocumentation
 */
// The folders, in the order in which they may import each other:
//   options, errors   names of options, checks of ids and secrets; error codes and what they call for
//   transport         hosts, base URLs, answers and failures of a request
//   tokens            one request for a token, its age, the plain and the stable token
//   tickets, calls    JS-SDK tickets; business calls that survive a dead token
//   push              opens pushes, stores tickets, hands messages to the application
//   account           the client for an official account or a mini program
//   open-platform     the client for a third-party platform, with its tenants
//   wecom             the clients for a WeCom app and for a suite, with their tokens
export { releaseClaim } from "@lingpai/core";
export { wechat } from "./account/wechat.ts";
export type { RemoteWechatOptions, Wechat, WechatOptions } from "./account/wechat.ts";
export type { UserSession } from "./account/login.ts";
export { createApi, tokenlessApi } from "./calls/api.ts";
export type { Api, ApiOptions, ApiRequest, TokenlessOptions } from "./calls/api.ts";
export { plainToken } from "./tokens/plain-token.ts";
export type { PlainTokenOptions, TokenOptions } from "./tokens/plain-token.ts";
export { stableToken } from "./tokens/stable-token.ts";
export { openPlatform } from "./open-platform/open-platform.ts";
export type { OpenPlatform, OpenPlatformOptions } from "./open-platform/open-platform.ts";
export type { Authorizations, PreAuthCode } from "./open-platform/authorizations.ts";
export type { Tenant } from "./open-platform/tenant.ts";
export { componentToken } from "./open-platform/component-token.ts";
export type { ComponentTokenOptions } from "./open-platform/component-token.ts";
export { authorizerToken } from "./open-platform/authorizer-token.ts";
export type { AuthorizerTokenOptions } from "./open-platform/authorizer-token.ts";
export { wecomSuite } from "./wecom/wecom-suite.ts";
export type { SuiteCorp } from "./wecom/suite-corp.ts";
export type { WecomSuite, WecomSuiteOptions } from "./wecom/wecom-suite.ts";
export { corpGroupToken } from "./wecom/corp-group-token.ts";
export type { CorpGroupTokenOptions } from "./wecom/corp-group-token.ts";
export { corpToken, providerToken, suiteToken } from "./wecom/suite-token.ts";
export type {
  CorpTokenOptions,
  ProviderTokenOptions,
  SuiteTokenOptions,
} from "./wecom/suite-token.ts";
export { pushedTicket } from "./push/pushed-ticket.ts";
export type {
  PushedTicket,
  PushedTicketOptions,
  PushedTicketStatus,
} from "./push/pushed-ticket.ts";
export { accountMessages } from "./push/account-messages.ts";
export type {
  AccountMessage,
  AccountMessages,
  AccountMessagesOptions,
  AccountReply,
} from "./push/account-messages.ts";
export type { AuthorizationPage } from "./open-platform/authorization-page.ts";
export type { MessageKeys, PushRefusal, PushRequest, Receivers } from "./push/push-envelope.ts";
export type { PushContent, PushDocument } from "./push/push-document.ts";
export type { PushHandler, PushOptions, ReceivingOptions } from "./push/push-handler.ts";
export type { PushMessage } from "./push/push-message.ts";
export type { PushReply } from "./push/push-response.ts";
export { pushKinds } from "./push/push-kinds.ts";
export type { PushKind } from "./push/push-kinds.ts";
export type { Quota, QuotaApi } from "./account/quota-api.ts";
export {
  accountParameter,
  componentParameter,
  providerParameter,
  suiteParameter,
} from "./calls/token-parameter.ts";
export type { TokenParameter } from "./calls/token-parameter.ts";
export { ticket, wecomTicket } from "./tickets/ticket.ts";
export type {
  TicketOptions,
  TicketType,
  WecomTicketOptions,
  WecomTicketType,
} from "./tickets/ticket.ts";
export { wecom } from "./wecom/wecom.ts";
export type { AgentConfig, Wecom, WecomOptions } from "./wecom/wecom.ts";
export { wecomToken } from "./wecom/wecom-token.ts";
export type { WecomTokenOptions } from "./wecom/wecom-token.ts";
export { jsSdkSignature } from "./tickets/js-sdk.ts";
export type { JsSdkConfig, JsSdkSignatureInput } from "./tickets/js-sdk.ts";
export type { Fetch } from "./transport/fetch.ts";
export type { PlatformOptions } from "./transport/platform.ts";
export type { SecretOption } from "./tokens/secret-source.ts";
export { signedFetch } from "./transport/signed-fetch.ts";
export type { SignedFetchOptions } from "./transport/signed-fetch.ts";
export { CallTimeoutError } from "./calls/call-deadline.ts";
export { InvalidAnswerError, WechatApiError } from "./errors/platform-errors.ts";
export { errorTable } from "./errors/wechat-error-table.ts";
export { wecomErrorTable } from "./errors/wecom-error-table.ts";
export type { Action, EndpointClass, ErrorRow } from "./errors/error-row.ts";
export { classify } from "./errors/classify.ts";
