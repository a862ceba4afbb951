/** A request that a third-party platform makes with its own token about one account. */
import type { TokenRequest } from "../tokens/token-request.ts";

export interface ComponentRequest {
  readonly componentAppId: string;
  /** The account that the request concerns. */
  readonly appId: string;
  /** The component's token. */
  readonly token: string;
  readonly signal: AbortSignal;
}

/** `POST /cgi-bin/component/{name}`. `json` is the body beside the component's AppID. */
export function componentRequest(
  { componentAppId, appId, token, signal }: ComponentRequest,
  name: string,
  json: Readonly<Record<string, unknown>>,
): TokenRequest {
  return {
    path: `/cgi-bin/component/${name}`,
    query: { component_access_token: token },
    json: { component_appid: componentAppId, ...json },
    signal,
    secrets: [token],
    subject: appId,
    endpoint: "derived",
  };
}
