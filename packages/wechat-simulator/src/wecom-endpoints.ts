/** The endpoints of `qyapi.weixin.qq.com`. Those that both hosts have (`getcallbackip`) are served once, and know the host by the token. */
import { okBody } from "./official.ts";
import type { Platform } from "./platform.ts";
import type { Endpoint } from "./routes.ts";
import { textIn, textOf } from "./routes.ts";

export function wecomEndpoints(platform: Platform): readonly Endpoint[] {
  return [...appEndpoints(platform), ...serviceEndpoints(platform)];
}

function appEndpoints({ calls, wecom }: Platform): readonly Endpoint[] {
  return [
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/gettoken",
      answer: (exchange) =>
        wecom.issue({ ...exchange.env.sender, corpId: textIn(exchange, "corpid"), secret: textIn(exchange, "corpsecret") }),
    },
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/get_jsapi_ticket",
      answer: (exchange) => wecom.jsapiTicket({ ...exchange.env.sender, accessToken: textIn(exchange, "access_token") }),
    },
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/ticket/get",
      answer: (exchange) =>
        wecom.agentTicket({ ...exchange.env.sender, accessToken: textIn(exchange, "access_token"), type: textIn(exchange, "type") }),
    },
    {
      kind: "call",
      method: "POST",
      path: "/cgi-bin/message/send",
      answer(exchange) {
        const answer = calls.call({ ...exchange.env.sender, endpoint: this.path, accessToken: textIn(exchange, "access_token") });
        return answer.ok ? { ok: true, body: { ...okBody, msgid: "1" } } : answer;
      },
    },
  ];
}

function serviceEndpoints({ suites }: Platform): readonly Endpoint[] {
  return [
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/service/get_suite_token",
      answer: ({ env }, body) =>
        suites.issue({
          ...env.sender,
          suiteId: textOf(body, "suite_id"),
          secret: textOf(body, "suite_secret"),
          ticket: textOf(body, "suite_ticket"),
        }),
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/service/get_provider_token",
      answer: ({ env }, body) =>
        suites.providerToken({ ...env.sender, corpId: textOf(body, "corpid"), secret: textOf(body, "provider_secret") }),
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/service/get_corp_token",
      answer: (exchange, body) =>
        suites.corpToken({
          ...exchange.env.sender,
          suiteAccessToken: textIn(exchange, "suite_access_token"),
          corpId: textOf(body, "auth_corpid"),
          permanentCode: textOf(body, "permanent_code"),
        }),
    },
  ];
}
