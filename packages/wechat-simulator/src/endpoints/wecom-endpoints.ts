/**
 * The endpoints of `qyapi.weixin.qq.com`. `getcallbackip`, which both hosts have, stands with the
 * other host's endpoints.
 */
import type { Platform } from "../platform/platform.ts";
import { countIn, get, post, textIn, textOf } from "./routes.ts";
import type { Endpoint, HttpContext, Json } from "./routes.ts";

export function wecomEndpoints(platform: Platform): readonly Endpoint[] {
  return [...appEndpoints(platform), ...suiteEndpoints(platform)].map((endpoint) => ({
    ...endpoint,
    host: "wecom",
  }));
}

function appEndpoints({ suites, wecom }: Platform): readonly Endpoint[] {
  return [
    get("/cgi-bin/gettoken", (http) => {
      const request = {
        ...http.env.sender,
        corpId: textIn(http, "corpid"),
        secret: textIn(http, "corpsecret"),
      };
      return suites.developedToken(request) ?? wecom.issue(request);
    }),
    post("/cgi-bin/corpgroup/corp/gettoken", (http, body) =>
      wecom.groupToken({
        ...withToken(http),
        corpId: textOf(body, "corpid"),
        agentId: countIn(body, "agentid"),
      }),
    ),
    get("/cgi-bin/get_jsapi_ticket", (http) => wecom.jsapiTicket(withToken(http))),
    get("/cgi-bin/ticket/get", (http) =>
      wecom.agentTicket({ ...withToken(http), type: textIn(http, "type") }),
    ),
  ];
}

function suiteEndpoints({ suites }: Platform): readonly Endpoint[] {
  return [
    post("/cgi-bin/service/get_suite_token", ({ env }, body) =>
      suites.issue({
        ...env.sender,
        suiteId: textOf(body, "suite_id"),
        secret: textOf(body, "suite_secret"),
        ticket: textOf(body, "suite_ticket"),
      }),
    ),
    post("/cgi-bin/service/get_provider_token", ({ env }, body) =>
      suites.providerToken({
        ...env.sender,
        corpId: textOf(body, "corpid"),
        secret: textOf(body, "provider_secret"),
      }),
    ),
    post("/cgi-bin/service/get_corp_token", (http, body) =>
      suites.corpToken({ ...withSuiteToken(http), ...corpIn(body) }),
    ),
    get("/cgi-bin/service/get_pre_auth_code", (http) => suites.preAuthCode(withSuiteToken(http))),
    post("/cgi-bin/service/get_permanent_code", (http, body) =>
      suites.permanentCode({ ...withSuiteToken(http), authCode: textOf(body, "auth_code") }),
    ),
    {
      ...post("/cgi-bin/service/get_auth_info", (http, body) =>
        suites.authInfo({ ...withSuiteToken(http), ...corpIn(body) }),
      ),
      kind: "call",
    },
  ];
}

const withToken = (http: HttpContext) => ({
  ...http.env.sender,
  accessToken: textIn(http, "access_token"),
});

const withSuiteToken = (http: HttpContext) => ({
  ...http.env.sender,
  suiteAccessToken: textIn(http, "suite_access_token"),
});

const corpIn = (body: Json) => ({
  corpId: textOf(body, "auth_corpid"),
  permanentCode: textOf(body, "permanent_code"),
});
