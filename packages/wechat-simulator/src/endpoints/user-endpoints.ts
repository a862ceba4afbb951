/**
 * The endpoints of `api.weixin.qq.com` for an account's users. All are `GET`, with everything in
 * the query.
 */
import type { Answer } from "../ledger/context.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint, HttpContext } from "./routes.ts";
import { textIn } from "./routes.ts";
import type { CodeRequest } from "../accounts/users.ts";

export function userEndpoints({ users, context }: Platform): readonly Endpoint[] {
  const withGrant = (
    path: string,
    grantType: string,
    answer: (http: HttpContext) => Answer<unknown>,
  ): Endpoint => ({
    kind: "issue",
    method: "GET",
    path,
    answer: (http) =>
      textIn(http, "grant_type") === grantType
        ? answer(http)
        : context.refuse(
            { kind: "issue", endpoint: path, appId: undefined, sender: http.env.sender },
            40002,
            "malformed",
          ),
  });
  const about = (endpoint: string): Endpoint => ({
    kind: "call",
    method: "GET",
    path: endpoint,
    answer: (http) =>
      users.about({
        ...http.env.sender,
        endpoint,
        accessToken: textIn(http, "access_token"),
        openId: textIn(http, "openid"),
      }),
  });
  return [
    withGrant("/sns/jscode2session", "authorization_code", (http) =>
      users.session(codeIn(http, "js_code")),
    ),
    withGrant("/sns/oauth2/access_token", "authorization_code", (http) =>
      users.redeemCode(codeIn(http, "code")),
    ),
    withGrant("/sns/oauth2/refresh_token", "refresh_token", (http) =>
      users.refresh({
        ...http.env.sender,
        appId: textIn(http, "appid"),
        refreshToken: textIn(http, "refresh_token"),
      }),
    ),
    about("/sns/userinfo"),
    about("/sns/auth"),
  ];
}

function codeIn(http: HttpContext, name: string): CodeRequest {
  return {
    ...http.env.sender,
    appId: textIn(http, "appid"),
    secret: textIn(http, "secret"),
    code: textIn(http, name),
  };
}
