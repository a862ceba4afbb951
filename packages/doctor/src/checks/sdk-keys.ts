/** The keys under which other SDKs and services keep an access token, as data. */

export interface SdkKeyShape {
  readonly sdk: string;
  /** `APPID` stands for the account. A pattern without it does not identify the account. */
  readonly shape: RegExp;
  /** True if the key holds the stable token, which plain tokens never affect. */
  readonly isStable?: boolean;
}

/**
 * From the sources of these SDKs (read 2026-11). Prefixes are configurable, so only the text around
 * the AppID is matched. co-wechat-api has no key of its own: its users choose one. The last row
 * finds it if it contains the AppID, and {@link isPlainName} otherwise.
 */
export const sdkKeyShapes: readonly SdkKeyShape[] = [
  {
    sdk: "silenceper/wechat",
    shape: /gowechat_\w+?__stable_access_token_APPID/,
    isStable: true,
  },
  { sdk: "silenceper/wechat", shape: /gowechat_\w+?__access_token_APPID/ },
  { sdk: "WxJava", shape: /:access_token:APPID$/ },
  { sdk: "WxJava", shape: /wechat_(?:component_|authorizer_)?access_token[_:]APPID/ },
  {
    sdk: "EasyWeChat or node-easywechat",
    shape: /\.access_token\.APPID\.[^.]+\.1$/,
    isStable: true,
  },
  { sdk: "EasyWeChat or node-easywechat", shape: /\.access_token\.APPID(?:\.|$)/ },
  { sdk: "wechatpy", shape: /APPID_access_token$/ },
  { sdk: "EasyWeChat 4 or 5", shape: /easywechat\.kernel\.access_token\.[0-9a-f]{32}/ },
  { sdk: "PowerWeChat", shape: /powerwechat\.access_token\.[0-9a-f]{32}/ },
  { sdk: "WxJava for WeCom", shape: /WX_CP_ACCESS_TOKEN/ },
  { sdk: "another service", shape: /APPID/ },
];

/** The names that users of co-wechat-api, or of their own code, choose when they have one account. */
const plainName = /(?:^|[:._-])access_?token$/i;
/** What co-wechat-api gives to be stored (README of 1.0 to 3.11, read 2026-11). */
const coWechatValue = /"accessToken"\s*:\s*"[^"]+"\s*,\s*"expireTime"\s*:\s*\d+/;

/** Returns true for a key that names no account and may hold the token of any. */
export function isPlainName(key: string): boolean {
  return plainName.test(key) && !/\{[^{}]+\}/.test(key);
}

export function isCoWechatValue(value: string): boolean {
  return coWechatValue.test(value);
}

/** A pattern for SCAN that finds all of them. */
export const sdkKeyPattern = "*[aA][cC][cC][eE][sS][sS]*[tT][oO][kK][eE][nN]*";

export interface SdkKey {
  readonly sdk: string;
  /** Undefined if the key does not identify the account. */
  readonly account: string | undefined;
  readonly isStable: boolean;
  /** The key without the AppSecret that some SDKs include in it. */
  readonly shown: string;
}

/** Undefined if it is no key of an SDK, or one of an account that is not among these. */
export function sdkKeyOf(key: string, accounts: readonly string[]): SdkKey | undefined {
  // Lingpai's own names contain the id in braces. withWxjavaLock() may have taken a lock of
  // WxJava's.
  if (/\{[^{}]+\}(?:::\w+)?$|lock$/i.test(key)) return undefined;
  const account = accounts.find((one) => key.includes(one));
  const text = account === undefined ? key : key.replaceAll(account, "APPID");
  const found = sdkKeyShapes.find(({ shape }) => shape.test(text));
  if (found === undefined) return undefined;
  return { sdk: found.sdk, account, isStable: found.isStable === true, shown: shownKey(key) };
}

/** Returns the key without the AppSecret that some SDKs write into it. */
export function shownKey(key: string): string {
  return key.replaceAll(/[0-9a-f]{32}/gi, "…").slice(0, 120);
}
