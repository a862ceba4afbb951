/** The platforms' own hosts, as data: the platform to which each host belongs. */

/**
 * `wechat`: official accounts, mini programs and third-party platforms. `wecom`: WeCom (企业微信).
 * The two share no token, and give the same codes other meanings.
 */
export type PlatformName = "wechat" | "wecom";

export interface HostRow {
  readonly host: string;
  readonly platform: PlatformName;
  /** The host to use. The others serve the same paths from another place. */
  readonly isMain: boolean;
  readonly source: string;
  readonly date: string;
}

const wechatHosts = {
  source:
    "developers.weixin.qq.com/doc/offiaccount/Basic_Information/Interface_domain_name_description.html",
  date: "2026",
};
const wecomHosts = { source: "developer.work.weixin.qq.com/document/path/90664", date: "2026" };

export const hostTable: readonly HostRow[] = [
  { host: "api.weixin.qq.com", platform: "wechat", isMain: true, ...wechatHosts },
  { host: "api2.weixin.qq.com", platform: "wechat", isMain: false, ...wechatHosts },
  { host: "sh.api.weixin.qq.com", platform: "wechat", isMain: false, ...wechatHosts },
  { host: "sz.api.weixin.qq.com", platform: "wechat", isMain: false, ...wechatHosts },
  { host: "hk.api.weixin.qq.com", platform: "wechat", isMain: false, ...wechatHosts },
  { host: "qyapi.weixin.qq.com", platform: "wecom", isMain: true, ...wecomHosts },
];

/** The platform to which this host belongs. Undefined: neither, such as a gateway of your own. */
export function platformOfHost(host: string): PlatformName | undefined {
  return hostTable.find((row) => row.host === host)?.platform;
}

/** `https:` and the platform's main host. */
export function mainBaseUrl(platform: PlatformName): string {
  const row = hostTable.find((each) => each.platform === platform && each.isMain);
  return `https://${row?.host ?? ""}`;
}

/** The base URLs that serve the same as the main one, in the order in which to try them. */
export function fallbackBaseUrls(platform: PlatformName): readonly string[] {
  return hostTable
    .filter((row) => row.platform === platform && !row.isMain)
    .map(({ host }) => `https://${host}`);
}
