/**
 * The endpoints of `qyapi.weixin.qq.com`. Those that both hosts have (`getcallbackip`) are served
 * once, and know the host by the token.
 */
import type { Platform } from "../platform/platform.ts";
import type { Endpoint } from "./routes.ts";
import { countIn, textIn, textOf } from "./routes.ts";

export function wecomEndpoints(platform: Platform): readonly Endpoint[] {
  return [...appEndpoints(platform), ...serviceEndpoints(platform)].map((endpoint) => ({
    ...endpoint,
    host: "wecom",
  }));
}

function appEndpoints({ suites, wecom }: Platform): readonly Endpoint[] {
  return [
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/gettoken",
      answer(exchange) {
        const request = {
          ...exchange.env.sender,
          corpId: textIn(exchange, "corpid"),
          secret: textIn(exchange, "corpsecret"),
        };
        return suites.developedToken(request) ?? wecom.issue(request);
      },
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/corpgroup/corp/gettoken",
      answer: (exchange, body) =>
        wecom.groupToken({
          ...exchange.env.sender,
          accessToken: textIn(exchange, "access_token"),
          corpId: textOf(body, "corpid"),
          agentId: countIn(body, "agentid"),
        }),
    },
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/get_jsapi_ticket",
      answer: (exchange) =>
        wecom.jsapiTicket({
          ...exchange.env.sender,
          accessToken: textIn(exchange, "access_token"),
        }),
    },
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/ticket/get",
      answer: (exchange) =>
        wecom.agentTicket({
          ...exchange.env.sender,
          accessToken: textIn(exchange, "access_token"),
          type: textIn(exchange, "type"),
        }),
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
        suites.providerToken({
          ...env.sender,
          corpId: textOf(body, "corpid"),
          secret: textOf(body, "provider_secret"),
        }),
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
    {
      kind: "issue",
      method: "GET",
      path: "/cgi-bin/service/get_pre_auth_code",
      answer: (exchange) =>
        suites.preAuthCode({
          ...exchange.env.sender,
          suiteAccessToken: textIn(exchange, "suite_access_token"),
        }),
    },
    {
      kind: "issue",
      method: "POST",
      path: "/cgi-bin/service/get_permanent_code",
      answer: (exchange, body) =>
        suites.permanentCode({
          ...exchange.env.sender,
          suiteAccessToken: textIn(exchange, "suite_access_token"),
          authCode: textOf(body, "auth_code"),
        }),
    },
    {
      kind: "call",
      method: "POST",
      path: "/cgi-bin/service/get_auth_info",
      answer: (exchange, body) =>
        suites.authInfo({
          ...exchange.env.sender,
          suiteAccessToken: textIn(exchange, "suite_access_token"),
          corpId: textOf(body, "auth_corpid"),
          permanentCode: textOf(body, "permanent_code"),
        }),
    },
  ];
}
