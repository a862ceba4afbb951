/**
 * The endpoints of `api.weixin.qq.com` for an account's users. All are `GET`, with everything in
 * the query.
 */
import type { Answer } from "../ledger/context.ts";
import type { Platform } from "../platform/platform.ts";
import type { Endpoint, Exchange } from "./routes.ts";
import { textIn } from "./routes.ts";
import type { CodeRequest } from "../accounts/users.ts";

export function userEndpoints({ users, context }: Platform): readonly Endpoint[] {
  const withGrant = (
    path: string,
    grantType: string,
    answer: (exchange: Exchange) => Answer<unknown>,
  ): Endpoint => ({
    kind: "issue",
    method: "GET",
    path,
    answer: (exchange) =>
      textIn(exchange, "grant_type") === grantType
        ? answer(exchange)
        : context.refuse(
            { kind: "issue", endpoint: path, appId: undefined, sender: exchange.env.sender },
            40002,
            "malformed",
          ),
  });
  const about = (endpoint: string): Endpoint => ({
    kind: "call",
    method: "GET",
    path: endpoint,
    answer: (exchange) =>
      users.about({
        ...exchange.env.sender,
        endpoint,
        accessToken: textIn(exchange, "access_token"),
        openId: textIn(exchange, "openid"),
      }),
  });
  return [
    withGrant("/sns/jscode2session", "authorization_code", (exchange) =>
      users.session(codeIn(exchange, "js_code")),
    ),
    withGrant("/sns/oauth2/access_token", "authorization_code", (exchange) =>
      users.exchange(codeIn(exchange, "code")),
    ),
    withGrant("/sns/oauth2/refresh_token", "refresh_token", (exchange) =>
      users.refresh({
        ...exchange.env.sender,
        appId: textIn(exchange, "appid"),
        refreshToken: textIn(exchange, "refresh_token"),
      }),
    ),
    about("/sns/userinfo"),
    about("/sns/auth"),
  ];
}

function codeIn(exchange: Exchange, name: string): CodeRequest {
  return {
    ...exchange.env.sender,
    appId: textIn(exchange, "appid"),
    secret: textIn(exchange, "secret"),
    code: textIn(exchange, name),
  };
}
