/** The endpoints of `api.weixin.qq.com` for third-party platforms. */
import type { Answer } from "../ledger/context.ts";
import { okBody } from "../accounts/official-accounts.ts";
import type { ComponentRequest } from "../open-platform/open-platform-bodies.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint, HttpContext, Json } from "./routes.ts";
import { countIn, textIn, textOf } from "./routes.ts";

/**
 * `/cgi-bin/component/clear_quota/v2`: needs the component's secret and no token. It clears the
 * component's quota, or that of an account that authorised it.
 */
function clearQuota(
  { openPlatform, official, context }: Platform,
  { env }: HttpContext,
  body: Json,
): Answer<unknown> {
  const endpoint = "/cgi-bin/component/clear_quota/v2";
  const [componentAppId, appId] = [textOf(body, "component_appid"), textOf(body, "appid")];
  const subject = {
    kind: "act",
    endpoint,
    appId: appId || componentAppId || undefined,
    sender: env.sender,
  } as const;
  const component = openPlatform.find(componentAppId);
  if (component === undefined)
    return context.refuse(subject, componentAppId === "" ? 41018 : 40013, "unknown-app");
  const secret = textOf(body, "appsecret");
  if (secret !== component.options.secret)
    return context.refuse(subject, secret === "" ? 41004 : 40125, "wrong-secret");
  if (appId !== "" && component.authorization(appId) === undefined)
    return context.refuse(subject, 61003, "unauthorised");
  const quotas =
    appId === "" ? component.quotas : (official.accounts.find(appId)?.quotas ?? component.quotas);
  return quotas.clear(context.nowMs())
    ? context.grant(subject, "operator", okBody)
    : context.refuse(subject, 48006, "day-quota");
}

export function openPlatformEndpoints(platform: Platform): readonly Endpoint[] {
  const { openPlatform } = platform;
  return [
    post("clear_quota/v2", (http, body) => clearQuota(platform, http, body)),
    post("api_component_token", ({ env }, body) =>
      openPlatform.issue({
        ...env.sender,
        appId: textOf(body, "component_appid"),
        secret: textOf(body, "component_appsecret"),
        ticket: textOf(body, "component_verify_ticket"),
      }),
    ),
    post("api_create_preauthcode", (http, body) => openPlatform.preAuthCode(requestOf(http, body))),
    post("api_query_auth", (http, body) =>
      openPlatform.queryAuth({
        ...requestOf(http, body),
        code: textOf(body, "authorization_code"),
      }),
    ),
    post("api_authorizer_token", (http, body) =>
      openPlatform.authorizerToken({
        ...requestOf(http, body),
        authorizerAppId: textOf(body, "authorizer_appid"),
        refreshToken: textOf(body, "authorizer_refresh_token"),
      }),
    ),
    post("api_get_authorizer_info", (http, body) =>
      openPlatform.authorizerInfo({
        ...requestOf(http, body),
        authorizerAppId: textOf(body, "authorizer_appid"),
      }),
    ),
    post("api_get_authorizer_list", (http, body) =>
      openPlatform.authorizerList({
        ...requestOf(http, body),
        offset: countIn(body, "offset"),
        count: countIn(body, "count"),
      }),
    ),
  ];
}

function post(name: string, answer: (http: HttpContext, body: Json) => Answer<unknown>): Endpoint {
  const kind =
    name === "clear_quota/v2" ? "act" : name.startsWith("api_get_authorizer_") ? "call" : "issue";
  return { kind, host: "wechat", method: "POST", path: `/cgi-bin/component/${name}`, answer };
}

/** The token is in the query, by its old or its new name. */
function requestOf(http: HttpContext, body: Json): ComponentRequest {
  const componentAccessToken =
    textIn(http, "component_access_token") || textIn(http, "access_token");
  return {
    ...http.env.sender,
    componentAccessToken,
    componentAppId: textOf(body, "component_appid"),
  };
}
