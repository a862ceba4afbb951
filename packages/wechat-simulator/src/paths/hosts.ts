/**
 * The platform's hosts. Each serves its own paths. Any other host, such as a loopback address,
 * serves all of them.
 */

export type Host = "wechat" | "wecom";

const hosts: ReadonlyMap<string, Host> = new Map([
  ["api.weixin.qq.com", "wechat"],
  ["api2.weixin.qq.com", "wechat"],
  ["sh.api.weixin.qq.com", "wechat"],
  ["sz.api.weixin.qq.com", "wechat"],
  ["hk.api.weixin.qq.com", "wechat"],
  ["qyapi.weixin.qq.com", "wecom"],
]);

export function hostOf(url: URL): Host | undefined {
  return hosts.get(url.hostname);
}
