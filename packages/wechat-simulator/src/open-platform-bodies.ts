/** What the open platform is asked and answers, as it appears on the wire. */
import type { Sender } from "./context.ts";

/** Proves itself with a component token. */
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
