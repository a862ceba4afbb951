/**
 * WeChat's access tokens as core's issuers, and an API client that keeps calls alive when a token dies.
 *
 * @packageDocumentation
 */
export { plainToken } from "./plain-token.ts";
export type { PlainTokenOptions, TokenOptions } from "./plain-token.ts";
export { stableToken } from "./stable-token.ts";
export type { Fetch, PlatformOptions } from "./platform.ts";
export type { SecretOption } from "./secret-source.ts";
export { InvalidAnswerError, WechatApiError } from "./errors.ts";
export { errorTable } from "./errors-table.ts";
export type { Action, EndpointClass, ErrorRow } from "./errors-table.ts";
export { classify } from "./classify.ts";
