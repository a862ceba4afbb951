/** The endpoints of `api.weixin.qq.com` for third-party platforms. */
import type { Answer } from "./context.ts";
import type { ComponentRequest } from "./open-platform-bodies.ts";
import type { Platform } from "./platform.ts";
import type { Endpoint, Exchange, Json } from "./routes.ts";
import { countIn, textIn, textOf } from "./routes.ts";

export function openPlatformEndpoints({ openPlatform }: Platform): readonly Endpoint[] {
  return [
    post("api_component_token", ({ env }, body) =>
      openPlatform.issue({
        ...env.sender,
        appId: textOf(body, "component_appid"),
        secret: textOf(body, "component_appsecret"),
        ticket: textOf(body, "component_verify_ticket"),
      }),
    ),
    post("api_create_preauthcode", (exchange, body) => openPlatform.preAuthCode(requestOf(exchange, body))),
    post("api_query_auth", (exchange, body) =>
      openPlatform.queryAuth({ ...requestOf(exchange, body), code: textOf(body, "authorization_code") }),
    ),
    post("api_authorizer_token", (exchange, body) =>
      openPlatform.authorizerToken({
        ...requestOf(exchange, body),
        authorizerAppId: textOf(body, "authorizer_appid"),
        refreshToken: textOf(body, "authorizer_refresh_token"),
      }),
    ),
    post("api_get_authorizer_info", (exchange, body) =>
      openPlatform.authorizerInfo({ ...requestOf(exchange, body), authorizerAppId: textOf(body, "authorizer_appid") }),
    ),
    post("api_get_authorizer_list", (exchange, body) =>
      openPlatform.authorizerList({ ...requestOf(exchange, body), offset: countIn(body, "offset"), count: countIn(body, "count") }),
    ),
  ];
}

function post(name: string, answer: (exchange: Exchange, body: Json) => Answer<unknown>): Endpoint {
  const kind = name.startsWith("api_get_authorizer_") ? "call" : "issue";
  return { kind, host: "wechat", method: "POST", path: `/cgi-bin/component/${name}`, answer };
}

/** The token stands in the query, by its old or its new name. */
function requestOf(exchange: Exchange, body: Json): ComponentRequest {
  const componentAccessToken = textIn(exchange, "component_access_token") || textIn(exchange, "access_token");
  return { ...exchange.env.sender, componentAccessToken, componentAppId: textOf(body, "component_appid") };
}
