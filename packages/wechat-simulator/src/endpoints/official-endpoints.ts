/** The endpoints of `api.weixin.qq.com` for a developer's own accounts. */
import type { Answer } from "../ledger/context.ts";
import { hostOf } from "../paths/hosts.ts";
import { okBody } from "../accounts/official-accounts.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint, HttpContext, Json } from "./routes.ts";
import { textIn, textOf } from "./routes.ts";
import { userEndpoints } from "./user-endpoints.ts";

const grantType = "client_credential";

/** Both hosts have these paths. The token identifies the host. */
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
  const refuseGrantType = (endpoint: string, { env }: HttpContext): Answer<never> =>
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
      answer(http) {
        if (textIn(http, "grant_type") !== grantType) return refuseGrantType(this.path, http);
        return official.issuePlain({
          ...http.env.sender,
          appId: textIn(http, "appid"),
          secret: textIn(http, "secret"),
        });
      },
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/stable_token",
      answer(http, body) {
        if (textOf(body, "grant_type") !== grantType) return refuseGrantType(this.path, http);
        const forceRefresh = body["force_refresh"] === true;
        return official.issueStable({
          ...http.env.sender,
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
      answer: (http) =>
        calls.ticket({
          ...http.env.sender,
          host: "wechat",
          accessToken: textIn(http, "access_token"),
          type: textIn(http, "type"),
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
      answer: (http, body) =>
        calls.quota({
          ...http.env.sender,
          host: "wechat",
          accessToken: textIn(http, "access_token"),
          cgiPath: textOf(body, "cgi_path"),
        }),
    },
    {
      kind: "act",
      method: "POST",
      path: "/cgi-bin/clear_quota/v2",
      answer: (http, body) =>
        official.clearQuota({
          ...http.env.sender,
          appId: textOf(body, "appid"),
          secret: textOf(body, "appsecret"),
        }),
    },
  ];
}

function businessEndpoints({ calls, context }: Platform): readonly Endpoint[] {
  /** Spends the token, then answers with this body. */
  const call = (endpoint: string, http: HttpContext, body: Json): Answer<unknown> => {
    const host = bothHosts.has(endpoint) ? hostOf(new URL(http.req.url)) : "wechat";
    const answer = calls.call({
      ...http.env.sender,
      host,
      endpoint,
      accessToken: textIn(http, "access_token"),
    });
    return answer.ok ? { ok: true, body } : answer;
  };
  const refuseOpenId = (endpoint: string, { env }: HttpContext): Answer<never> =>
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
      answer(http) {
        return call(this.path, http, { ip_list: ["101.226.103.0/25"] });
      },
    },
    {
      kind: "call",
      method: "GET",
      path: "/cgi-bin/get_api_domain_ip",
      answer(http) {
        return call(this.path, http, { ip_list: ["101.226.212.27"] });
      },
    },
    {
      kind: "call",
      method: "GET",
      path: "/cgi-bin/user/info",
      answer(http) {
        const openid = textIn(http, "openid");
        if (openid === "") return refuseOpenId(this.path, http);
        return call(this.path, http, {
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
      answer(http, body) {
        if (textOf(body, "touser") === "") return refuseOpenId(this.path, http);
        return call(this.path, http, { ...okBody });
      },
    },
  ];
}
