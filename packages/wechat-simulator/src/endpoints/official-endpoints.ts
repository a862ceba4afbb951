/** The endpoints of `api.weixin.qq.com` for one's own accounts. */
import type { Answer } from "../ledger/context.ts";
import { hostOf } from "../paths/hosts.ts";
import { okBody } from "../accounts/official-accounts.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint, Exchange, Json } from "./routes.ts";
import { textIn, textOf } from "./routes.ts";
import { userEndpoints } from "./user-endpoints.ts";

const grantType = "client_credential";

/** Which host is meant is told by the token. */
const bothHosts: ReadonlySet<string> = new Set([
  "/cgi-bin/getcallbackip",
  "/cgi-bin/get_api_domain_ip",
]);

export function officialEndpoints(platform: Platform): readonly Endpoint[] {
  return [
    ...credentialEndpoints(platform),
    ...quotaEndpoints(platform),
    ...businessEndpoints(platform),
    ...userEndpoints(platform),
  ].map((endpoint) => (bothHosts.has(endpoint.path) ? endpoint : { ...endpoint, host: "wechat" }));
}

function credentialEndpoints({ official, calls, context }: Platform): readonly Endpoint[] {
  const refuseGrantType = (endpoint: string, { env }: Exchange): Answer<never> =>
    context.refuse(
      { kind: "issue", endpoint, appId: undefined, sender: env.sender },
      40002,
      "malformed",
    );

  return [
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/token",
      answer(exchange) {
        if (textIn(exchange, "grant_type") !== grantType)
          return refuseGrantType(this.path, exchange);
        return official.issuePlain({
          ...exchange.env.sender,
          appId: textIn(exchange, "appid"),
          secret: textIn(exchange, "secret"),
        });
      },
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/stable_token",
      answer(exchange, body) {
        if (textOf(body, "grant_type") !== grantType) return refuseGrantType(this.path, exchange);
        const forceRefresh = body["force_refresh"] === true;
        return official.issueStable({
          ...exchange.env.sender,
          appId: textOf(body, "appid"),
          secret: textOf(body, "secret"),
          forceRefresh,
        });
      },
    },
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/ticket/getticket",
      answer: (exchange) =>
        calls.ticket({
          ...exchange.env.sender,
          host: "wechat",
          accessToken: textIn(exchange, "access_token"),
          type: textIn(exchange, "type"),
        }),
    },
  ];
}

function quotaEndpoints({ official, calls }: Platform): readonly Endpoint[] {
  return [
    {
      kind: "call",
      method: "POST",
      path: "/cgi-bin/openapi/quota/get",
      answer: (exchange, body) =>
        calls.quota({
          ...exchange.env.sender,
          host: "wechat",
          accessToken: textIn(exchange, "access_token"),
          cgiPath: textOf(body, "cgi_path"),
        }),
    },
    {
      kind: "act",
      method: "POST",
      path: "/cgi-bin/clear_quota/v2",
      answer: (exchange, body) =>
        official.clearQuota({
          ...exchange.env.sender,
          appId: textOf(body, "appid"),
          secret: textOf(body, "appsecret"),
        }),
    },
  ];
}

function businessEndpoints({ calls, context }: Platform): readonly Endpoint[] {
  /** Spends the token, then answers with this. */
  const call = (endpoint: string, exchange: Exchange, body: Json): Answer<unknown> => {
    const host = bothHosts.has(endpoint) ? hostOf(new URL(exchange.req.url)) : "wechat";
    const answer = calls.call({
      ...exchange.env.sender,
      host,
      endpoint,
      accessToken: textIn(exchange, "access_token"),
    });
    return answer.ok ? { ok: true, body } : answer;
  };
  const refuseOpenId = (endpoint: string, { env }: Exchange): Answer<never> =>
    context.refuse(
      { kind: "call", endpoint, appId: undefined, sender: env.sender },
      40003,
      "malformed",
    );

  return [
    {
      kind: "call",
      method: "GET",
      path: "/cgi-bin/getcallbackip",
      answer(exchange) {
        return call(this.path, exchange, { ip_list: ["101.226.103.0/25"] });
      },
    },
    {
      kind: "call",
      method: "GET",
      path: "/cgi-bin/get_api_domain_ip",
      answer(exchange) {
        return call(this.path, exchange, { ip_list: ["101.226.212.27"] });
      },
    },
    {
      kind: "call",
      method: "GET",
      path: "/cgi-bin/user/info",
      answer(exchange) {
        const openid = textIn(exchange, "openid");
        if (openid === "") return refuseOpenId(this.path, exchange);
        return call(this.path, exchange, {
          subscribe: 1,
          openid,
          language: "zh_CN",
          subscribe_time: 1_700_000_000,
        });
      },
    },
    {
      kind: "call",
      method: "POST",
      path: "/cgi-bin/message/custom/send",
      answer(exchange, body) {
        if (textOf(body, "touser") === "") return refuseOpenId(this.path, exchange);
        return call(this.path, exchange, { ...okBody });
      },
    },
  ];
}
