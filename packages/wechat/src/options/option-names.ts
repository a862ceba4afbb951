/**
 * The names of all options of this package. An option that nothing reads would be ignored silently,
 * and a misspelt name is such an option. `option-names.types.ts` holds each list to its type.
 */
import { optionKinds } from "./option-kinds.ts";
import { credentialOptionKinds, requireKinds, requireKnown, requireObject } from "@lingpai/core";

export const platformNames = ["baseUrl", "clock", "fallbackBaseUrls", "fetch"] as const;

const apiOwnNames = [
  "busyRetriesMax",
  "random",
  "replayBytesMax",
  "timeoutMs",
  "tokenParameter",
  "uploadTimeoutMs",
] as const;
type ApiName = (typeof platformNames)[number] | (typeof apiOwnNames)[number];
export const apiNames: readonly ApiName[] = [...platformNames, ...apiOwnNames];

export const pushNames = [
  "answerMs",
  "onFailed",
  "onMessage",
  "onRefused",
  "onUnknown",
  "pushAgeMaxMs",
  "receivers",
] as const;

const messageKeyNames = ["encodingAesKey", "messageToken"] as const;
type PushName = (typeof pushNames)[number] | (typeof messageKeyNames)[number];

/** A client that chooses the token parameter itself does not take one. */
const ownApiNames = apiNames.filter((name) => name !== "tokenParameter");

const credentialOptionNames: readonly string[] = Object.keys(credentialOptionKinds);

/** A client makes its own issuer, and knows the issuer's parent. */
const credentialNames = credentialOptionNames.filter(
  (name) => name !== "issuer" && name !== "parent",
);

export const wechatOwnNames = [
  "appId",
  "mode",
  "overlapMs",
  "quotaPerDay",
  "secret",
  "trim",
] as const;
export const wechatNames: readonly string[] = [...credentialNames, ...apiNames, ...wechatOwnNames];

/** A client whose credentials another process owns. */
export const remoteWechatNames: readonly string[] = [...apiNames, "appId", "mode", "source"];

const openPlatformOnlyNames = [
  "componentAppId",
  "overlapMs",
  "quotaPerDay",
  "refreshGraceMs",
  "secret",
  "trim",
] as const;
export const openPlatformOwnNames: readonly (PushName | (typeof openPlatformOnlyNames)[number])[] =
  [...pushNames, ...messageKeyNames, ...openPlatformOnlyNames];
export const openPlatformNames: readonly string[] = [
  ...credentialNames,
  ...ownApiNames,
  ...openPlatformOwnNames,
];

export const wecomOwnNames = ["agentId", "app", "corpId", "secret", "trim"] as const;
export const wecomNames: readonly string[] = [...credentialNames, ...ownApiNames, ...wecomOwnNames];

const wecomSuiteOnlyNames = ["isDevelopedFor", "secret", "suiteId", "trim"] as const;
export const wecomSuiteOwnNames: readonly (PushName | (typeof wecomSuiteOnlyNames)[number])[] = [
  ...pushNames,
  ...messageKeyNames,
  ...wecomSuiteOnlyNames,
];
export const wecomSuiteNames: readonly string[] = [
  ...credentialNames,
  ...ownApiNames,
  ...wecomSuiteOwnNames,
];

/** Options of single issuers that no client has. */
export const issuerOnlyNames = [
  "businessType",
  "downstreamCorpId",
  "fallback",
  "permanentCode",
  "type",
] as const;

const known: ReadonlySet<string> = new Set([
  ...credentialOptionNames,
  ...wechatNames,
  ...openPlatformNames,
  ...wecomNames,
  ...wecomSuiteNames,
  ...issuerOnlyNames,
]);

/** @throws {ConfigurationError} an option is unknown, or of a wrong kind. */
export function requireClientOptions(
  what: string,
  options: unknown,
  names: readonly string[],
): void {
  requireKnown(what, options, names);
  requireKinds(what, options, optionKinds);
}

/**
 * For a part of the package that a client gives all its own options, such as an issuer: refuses an
 * option that no part of the package reads, or of a wrong kind.
 *
 * @throws {ConfigurationError} The text lists what this part reads.
 */
export function requirePartOptions(what: string, options: unknown, own: readonly string[]): void {
  requireObject(`${what}'s options`, options);
  const unknown = Object.keys(options).filter((name) => !known.has(name) && !own.includes(name));
  requireKnown(what, Object.fromEntries(unknown.map((name) => [name, true])), [
    ...new Set([...platformNames, ...own]),
  ]);
  requireKinds(what, options, optionKinds);
}
