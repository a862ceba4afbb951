/** The answers of the open platform, as they appear on the wire. */
import type { Sender } from "../ledger/context.ts";
import type { Token } from "../ledger/token.ts";
import type { Authorization, Component } from "./component.ts";

/** A request with a component token. */
export interface ComponentRequest extends Sender {
  readonly componentAccessToken: string;
  readonly componentAppId: string;
}

export interface ComponentTokenBody {
  readonly component_access_token: string;
  readonly expires_in: number;
}

export interface PreAuthCodeBody {
  readonly pre_auth_code: string;
  readonly expires_in: number;
}

export interface AuthorizerTokenBody {
  readonly authorizer_access_token: string;
  readonly expires_in: number;
  readonly authorizer_refresh_token: string;
}

export interface QueryAuthBody {
  readonly authorization_info: AuthorizerTokenBody & {
    readonly authorizer_appid: string;
    readonly func_info: readonly { readonly funcscope_category: { readonly id: number } }[];
  };
}

export interface AuthorizerInfoBody {
  readonly authorizer_info: { readonly nick_name: string; readonly user_name: string };
  readonly authorization_info: {
    readonly authorizer_appid: string;
    readonly authorizer_refresh_token: string;
    readonly func_info: readonly { readonly funcscope_category: { readonly id: number } }[];
  };
}

export interface AuthorizerListBody {
  readonly total_count: number;
  readonly list: readonly {
    readonly authorizer_appid: string;
    readonly refresh_token?: string;
    readonly auth_time: number;
  }[];
}

const functionScopes = [1, 2, 3].map((id) => ({ funcscope_category: { id } }));
/** The most rows that one page of the list has. */
const listMax = 500;

export function secondsLeft(token: Token, nowMs: number): number {
  return Math.floor((token.expiresAtMs - nowMs) / 1000);
}

export function tokensOf(
  { refreshTokens }: Authorization,
  token: Token,
  nowMs: number,
): AuthorizerTokenBody {
  return {
    authorizer_access_token: token.text,
    expires_in: secondsLeft(token, nowMs),
    authorizer_refresh_token: refreshTokens.newest?.text ?? "",
  };
}

export function authorizationOf(
  authorization: Authorization,
  token: Token,
  nowMs: number,
): QueryAuthBody {
  return {
    authorization_info: {
      authorizer_appid: authorization.authorizerAppId,
      ...tokensOf(authorization, token, nowMs),
      func_info: functionScopes,
    },
  };
}

/** The nickname has a newline in it, as real ones do. */
export function infoOf(component: Component, authorization: Authorization): AuthorizerInfoBody {
  return {
    authorizer_info: { nick_name: "an account\n", user_name: "gh_eb5e3a772040" },
    authorization_info: {
      authorizer_appid: authorization.authorizerAppId,
      authorizer_refresh_token: namesRefreshToken(component, "info")
        ? (authorization.refreshTokens.newest?.text ?? "")
        : "",
      func_info: functionScopes,
    },
  };
}

export function listOf(
  component: Component,
  { offset, count }: { readonly offset: number; readonly count: number },
): AuthorizerListBody {
  const { authorizations } = component;
  const list = authorizations
    .slice(offset, offset + Math.min(count, listMax))
    .map(({ authorizerAppId, refreshTokens, authorizedAtMs }) => ({
      authorizer_appid: authorizerAppId,
      ...(namesRefreshToken(component, "list") && {
        refresh_token: refreshTokens.newest?.text ?? "",
      }),
      auth_time: Math.floor(authorizedAtMs / 1000),
    }));
  return { total_count: authorizations.length, list };
}

function namesRefreshToken(
  { options: { refreshTokenSources = ["info", "list"] } }: Component,
  where: "info" | "list",
): boolean {
  return refreshTokenSources.includes(where);
}
