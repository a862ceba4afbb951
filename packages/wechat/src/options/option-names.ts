/**
 * The names of all options of this package: one that nobody reads would be ignored in silence, and
 * a misspelt one is such an option.
 */
import { credential, credentialOptionNames, requireKnown, requireObject } from "@lingpai/core";
import type { Credential, CredentialOptions } from "@lingpai/core";
import type { ApiOptions } from "../calls/api.ts";
import type { AuthorizerTokenOptions } from "../open-platform/authorizer-token.ts";
import type { CorpGroupTokenOptions } from "../wecom/corp-group-token.ts";
import type { OpenPlatformOptions } from "../open-platform/open-platform.ts";
import type { PlainTokenOptions } from "../tokens/plain-token.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import type { PushOptions } from "../push/push-handler.ts";
import type { CorpTokenOptions } from "../wecom/suite-token.ts";
import type { TicketOptions } from "../tickets/ticket.ts";
import type { WechatOptions } from "../account/wechat.ts";
import type { WecomOptions } from "../wecom/wecom.ts";
import type { WecomSuiteOptions } from "../wecom/wecom-suite.ts";

/** Each of `T`'s options, once: the compiler misses one that is forgotten. */
function namesOf<T extends object>(names: Readonly<Record<keyof T, true>>): readonly string[] {
  return Object.keys(names);
}

const platform = { fetch: true, baseUrl: true, fallbackBaseUrls: true, clock: true } as const;
const api = {
  ...platform,
  random: true,
  busyRetriesMax: true,
  timeoutMs: true,
  uploadTimeoutMs: true,
  tokenParameter: true,
  replayBytesMax: true,
} as const;
const push = {
  onRefused: true,
  pushAgeMaxMs: true,
  answerMs: true,
  onMessage: true,
  onFailed: true,
  onUnknown: true,
  receivers: true,
} as const;
const pushed = { ...push, messageToken: true, encodingAesKey: true } as const;

export const platformNames: readonly string[] = namesOf<PlatformOptions>(platform);
export const apiNames: readonly string[] = namesOf<ApiOptions>(api);
export const pushNames: readonly string[] = namesOf<PushOptions>(push);

const credentialNames = credentialOptionNames.filter(
  (name) => name !== "issuer" && name !== "parent",
);

export const wechatNames: readonly string[] = [
  ...credentialNames,
  ...namesOf<Omit<WechatOptions, keyof CredentialOptions>>({
    ...api,
    appId: true,
    secret: true,
    mode: true,
    overlapMs: true,
    quotaPerDay: true,
    trim: true,
  }),
];

export const openPlatformNames: readonly string[] = [
  ...credentialNames,
  ...namesOf<
    Omit<OpenPlatformOptions, keyof CredentialOptions> & Pick<ApiOptions, "tokenParameter">
  >({
    ...api,
    ...pushed,
    componentAppId: true,
    secret: true,
    overlapMs: true,
    quotaPerDay: true,
    refreshGraceMs: true,
    trim: true,
  }),
].filter((name) => name !== "tokenParameter");

export const wecomNames: readonly string[] = [
  ...credentialNames,
  ...namesOf<Omit<WecomOptions, keyof CredentialOptions> & Pick<ApiOptions, "tokenParameter">>({
    ...api,
    agentId: true,
    app: true,
    corpId: true,
    secret: true,
    trim: true,
  }),
].filter((name) => name !== "tokenParameter");

export const wecomSuiteNames: readonly string[] = [
  ...credentialNames,
  ...namesOf<Omit<WecomSuiteOptions, keyof CredentialOptions> & Pick<ApiOptions, "tokenParameter">>(
    {
      ...api,
      ...pushed,
      isDevelopedFor: true,
      secret: true,
      suiteId: true,
      trim: true,
    },
  ),
].filter((name) => name !== "tokenParameter");

const known: ReadonlySet<string> = new Set([
  ...credentialOptionNames,
  ...wechatNames,
  ...openPlatformNames,
  ...wecomNames,
  ...wecomSuiteNames,
  ...namesOf<
    Pick<PlainTokenOptions, "fallback"> &
      Pick<AuthorizerTokenOptions, "refreshGraceMs"> &
      Pick<TicketOptions, "type">
  >({
    fallback: true,
    refreshGraceMs: true,
    type: true,
  }),
  ...namesOf<
    Pick<CorpTokenOptions, "permanentCode"> &
      Pick<CorpGroupTokenOptions, "businessType" | "downstreamCorpId">
  >({
    businessType: true,
    downstreamCorpId: true,
    permanentCode: true,
  }),
]);

/**
 * For a part that a client of this package gives all that it was given itself, an issuer say:
 * refuses what no part of the package reads.
 *
 * @throws {ConfigurationError} naming what this part reads.
 */
export function requirePartOptions(what: string, options: unknown, own: readonly string[]): void {
  requireObject(`${what}'s options`, options);
  const unknown = Object.keys(options).filter((name) => !known.has(name) && !own.includes(name));
  requireKnown(what, Object.fromEntries(unknown.map((name) => [name, true])), [
    ...new Set([...platformNames, ...own]),
  ]);
}

/** A credential with those of a client's options that concern it. */
export function createCredential(options: CredentialOptions): Credential {
  const own = Object.entries(options).filter(([name]) => credentialOptionNames.includes(name));
  // Only options that it does not read were left out, so it is what it was.
  return credential(Object.fromEntries(own) as unknown as CredentialOptions);
}
