/** Compiles only if each list of option names has exactly the options of its type. */
import type { CredentialOptions } from "@lingpai/core";
import type { WechatOptions } from "../account/wechat.ts";
import type { ApiOptions } from "../calls/api.ts";
import type { AuthorizerTokenOptions } from "../open-platform/authorizer-token.ts";
import type { OpenPlatformOptions } from "../open-platform/open-platform.ts";
import type { PushOptions } from "../push/push-handler.ts";
import type { TicketOptions } from "../tickets/ticket.ts";
import type { PlainTokenOptions } from "../tokens/plain-token.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import type { CorpGroupTokenOptions } from "../wecom/corp-group-token.ts";
import type { CorpTokenOptions } from "../wecom/suite-token.ts";
import type { WecomSuiteOptions } from "../wecom/wecom-suite.ts";
import type { WecomOptions } from "../wecom/wecom.ts";
import type {
  apiNames,
  issuerOnlyNames,
  openPlatformOwnNames,
  platformNames,
  pushNames,
  wechatOwnNames,
  wecomOwnNames,
  wecomSuiteOwnNames,
} from "./option-names.ts";

/** The names in the list, where the list and the type differ; `true` where they agree. */
type Agree<List extends readonly string[], Options extends string> = [
  Exclude<List[number], Options> | Exclude<Options, List[number]>,
] extends [never]
  ? true
  : Exclude<List[number], Options> | Exclude<Options, List[number]>;

/** The options that a client adds to those of a credential and of business calls. */
type Own<Options> = Exclude<keyof Options, keyof CredentialOptions | keyof ApiOptions> & string;

const agreed: {
  readonly platform: Agree<typeof platformNames, keyof PlatformOptions>;
  readonly api: Agree<typeof apiNames, keyof ApiOptions>;
  readonly push: Agree<typeof pushNames, keyof PushOptions>;
  readonly wechat: Agree<typeof wechatOwnNames, Own<WechatOptions>>;
  readonly openPlatform: Agree<typeof openPlatformOwnNames, Own<OpenPlatformOptions>>;
  readonly wecom: Agree<typeof wecomOwnNames, Own<WecomOptions>>;
  readonly wecomSuite: Agree<typeof wecomSuiteOwnNames, Own<WecomSuiteOptions>>;
  readonly issuers: Agree<
    typeof issuerOnlyNames,
    | keyof Pick<PlainTokenOptions, "fallback">
    | keyof Pick<TicketOptions, "type">
    | keyof Pick<CorpTokenOptions, "permanentCode">
    | keyof Pick<CorpGroupTokenOptions, "businessType" | "downstreamCorpId">
    | Exclude<keyof AuthorizerTokenOptions, keyof OpenPlatformOptions | "appId">
  >;
} = {
  platform: true,
  api: true,
  push: true,
  wechat: true,
  openPlatform: true,
  wecom: true,
  wecomSuite: true,
  issuers: true,
};
void agreed;
