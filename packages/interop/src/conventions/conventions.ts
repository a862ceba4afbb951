/**
 * The keys and formats in which other SDKs keep their credential in a shared Redis, as data. They
 * were read in the SDKs' sources.
 */

/**
 * The format of a credential under a key. `json-expires-at` holds no credential: it is the end of
 * the one beside it.
 */
export type Encoding = "plain" | "php-string" | "json-string" | "json-token" | "json-expires-at";

export interface KeyRule {
  /** May hold `{prefix}`, `{appId}`, `{agentId}`, `{secret}` and `{md5(appId+secret)}`. */
  readonly template: string;
  readonly encoding: Encoding;
}

export interface Convention {
  readonly sdk: string;
  /** The first key holds the credential. The others are written with it. */
  readonly keys: readonly [KeyRule, ...KeyRule[]];
  /**
   * How much sooner than the platform this SDK drops a credential, in ms. Its TTL is that much
   * lower.
   */
  readonly lessMs: number;
  /** The value of `{prefix}` unless its users changed it. */
  readonly prefix?: string;
}

const table = {
  "silenceper/officialaccount": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_officialaccount__access_token_{appId}", encoding: "plain" }],
    lessMs: 1_500_000,
  },
  "silenceper/officialaccount/stable": {
    sdk: "silenceper/wechat",
    keys: [
      { template: "gowechat_officialaccount__stable_access_token_{appId}", encoding: "plain" },
    ],
    lessMs: 300_000,
  },
  "silenceper/officialaccount/jsapi-ticket": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_officialaccount__jsapi_ticket_{appId}", encoding: "plain" }],
    lessMs: 1_500_000,
  },
  "silenceper/miniprogram": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_miniprogram__access_token_{appId}", encoding: "plain" }],
    lessMs: 1_500_000,
  },
  "silenceper/miniprogram/stable": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_miniprogram__stable_access_token_{appId}", encoding: "plain" }],
    lessMs: 300_000,
  },
  /** The AppID is the CorpID. Releases that tell the apps of a corp apart are the next row. */
  "silenceper/work": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_work__access_token_{appId}", encoding: "plain" }],
    lessMs: 1_500_000,
  },
  "silenceper/work/agent": {
    sdk: "silenceper/wechat",
    keys: [{ template: "gowechat_work__access_token_{appId}_{agentId}", encoding: "plain" }],
    lessMs: 1_500_000,
  },
  /**
   * WxJava through RedisTemplate or Jedis. Through Redisson its values are Kryo, which no other SDK
   * reads: use one of those two.
   */
  "wxjava/mp": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:access_token:{appId}", encoding: "plain" }],
    lessMs: 0,
    prefix: "wx",
  },
  "wxjava/mp/jsapi-ticket": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:ticket:key:{appId}:jsapi", encoding: "plain" }],
    lessMs: 0,
    prefix: "wx",
  },
  "wxjava/mp/sdk-ticket": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:ticket:key:{appId}:2", encoding: "plain" }],
    lessMs: 0,
    prefix: "wx",
  },
  "wxjava/mp/card-ticket": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:ticket:key:{appId}:wx_card", encoding: "plain" }],
    lessMs: 0,
    prefix: "wx",
  },
  "wxjava/ma": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:access_token:{appId}", encoding: "plain" }],
    lessMs: 200_000,
    prefix: "wa",
  },
  "wxjava/ma/jsapi-ticket": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:ticket:key:{appId}:jsapi", encoding: "plain" }],
    lessMs: 200_000,
    prefix: "wa",
  },
  "wxjava/ma/card-ticket": {
    sdk: "WxJava",
    keys: [{ template: "{prefix}:ticket:key:{appId}:wx_card", encoding: "plain" }],
    lessMs: 200_000,
    prefix: "wa",
  },
  /** EasyWeChat 6 on Symfony's Redis adapter; `{prefix}` is that adapter's namespace. */
  "easywechat/official-account": {
    sdk: "EasyWeChat",
    keys: [
      {
        template: "{prefix}:official_account.access_token.{appId}.{secret}.0",
        encoding: "php-string",
      },
    ],
    lessMs: 0,
    prefix: "easywechat",
  },
  "easywechat/official-account/stable": {
    sdk: "EasyWeChat",
    keys: [
      {
        template: "{prefix}:official_account.access_token.{appId}.{secret}.1",
        encoding: "php-string",
      },
    ],
    lessMs: 0,
    prefix: "easywechat",
  },
  /**
   * EasyWeChat 6 whose key was set without the secret:
   * `$app->getAccessToken()->setKey("official_account.access_token.APPID")`.
   */
  "easywechat/official-account/set-key": {
    sdk: "EasyWeChat",
    keys: [{ template: "{prefix}:official_account.access_token.{appId}", encoding: "php-string" }],
    lessMs: 0,
    prefix: "easywechat",
  },
  powerwechat: {
    sdk: "PowerWeChat",
    keys: [{ template: "powerwechat.access_token.{md5(appId+secret)}", encoding: "json-token" }],
    lessMs: 0,
  },
  "node-easywechat/official-account": {
    sdk: "node-easywechat",
    keys: [{ template: "official_account.access_token.{appId}.{secret}.0", encoding: "plain" }],
    lessMs: 0,
  },
  "node-easywechat/official-account/stable": {
    sdk: "node-easywechat",
    keys: [{ template: "official_account.access_token.{appId}.{secret}.1", encoding: "plain" }],
    lessMs: 0,
  },
  /**
   * node-easywechat whose key was set without the secret:
   * `app.getAccessToken().setKey("official_account.access_token.APPID")`.
   */
  "node-easywechat/official-account/set-key": {
    sdk: "node-easywechat",
    keys: [{ template: "official_account.access_token.{appId}", encoding: "plain" }],
    lessMs: 0,
  },
  "node-easywechat/official-account/jsapi-ticket": {
    sdk: "node-easywechat",
    keys: [{ template: "official_account.jsapi_ticket.{appId}", encoding: "plain" }],
    lessMs: 0,
  },
  "node-easywechat/mini-app": {
    sdk: "node-easywechat",
    keys: [{ template: "mini_app.access_token.{appId}.{secret}.0", encoding: "plain" }],
    lessMs: 0,
  },
  wechatpy: {
    sdk: "wechatpy",
    keys: [{ template: "{prefix}:{appId}_access_token", encoding: "json-string" }],
    lessMs: 0,
    prefix: "wechatpy",
  },
  "wechatpy/jsapi-ticket": {
    sdk: "wechatpy",
    keys: [
      { template: "{prefix}:{appId}_jsapi_ticket", encoding: "json-string" },
      { template: "{prefix}:{appId}_jsapi_ticket_expires_at", encoding: "json-expires-at" },
    ],
    lessMs: 0,
    prefix: "wechatpy",
  },
} as const;

/** `SDK/account[/what]`; without the last part it is the plain access token. */
export type ConventionName = keyof typeof table;

export const conventions: Readonly<Record<ConventionName, Convention>> = table;
