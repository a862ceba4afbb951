/**
 * A tenant's access token. The component's token and a refresh token obtain it, and each refresh
 * may replace the refresh token.
 */
import { IssueError } from "@lingpai/core";
import type { Issued, Issuer, IssueRequest, Secret } from "@lingpai/core";
import { asSecret, tokenResponseIn, secretIn } from "../transport/platform-answer.ts";
import type { Fields, TokenResponse } from "../transport/platform-answer.ts";
import { requestFields } from "../tokens/token-request.ts";
import { findRefreshToken } from "./authorizer-info.ts";
import { componentRequest } from "./component-request.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import { tokenLifetimeMs } from "../tokens/plain-token.ts";
import { checkedId } from "../options/validate.ts";

export interface AuthorizerTokenOptions extends PlatformOptions {
  readonly componentAppId: string;
  /** The tenant's AppID. */
  readonly appId: string;
  /**
   * How long the platform accepts the previous access token, in ms.
   * @defaultValue 300_000
   */
  readonly overlapMs?: number;
  /**
   * How long the platform accepts a refresh token after it has replaced it, in ms.
   * @defaultValue 300_000
   */
  readonly refreshGraceMs?: number;
}

/**
 * Fetches through `POST /cgi-bin/component/api_authorizer_token`. Give the component token's
 * credential as `parent`.
 *
 * The refresh token is stored with the access token in one write. A refresh token whose use had an
 * unknown outcome is sent again within its grace period, and never after it. After the grace
 * period, or if the store has none, or if WeChat refuses it, `api_get_authorizer_info` returns the
 * valid one: one call for one account.
 *
 * @throws {ConfigurationError} An AppID or the base URL is invalid.
 */
export function authorizerToken(options: AuthorizerTokenOptions): Issuer {
  requirePartOptions("authorizerToken()", options, [
    "appId",
    "componentAppId",
    "overlapMs",
    "refreshGraceMs",
  ]);
  const componentAppId = checkedId(options.componentAppId);
  const appId = checkedId(options.appId);
  const id = `wechat:authorizer:${componentAppId}:${appId}`;
  const platform = createPlatform(options);
  const { overlapMs = 300_000, refreshGraceMs = 300_000 } = options;

  const issue = async ({ signal, parent, input }: IssueRequest): Promise<Issued> => {
    if (parent === undefined)
      throw new IssueError(
        "unsent",
        `${id} needs the component's token. Give its credential as parent.`,
      );
    if (input === undefined) throw new IssueError("input", `No refresh token is known for ${id}.`);
    const [token, refreshToken] = [parent.reveal(), input.reveal()];
    const json = { authorizer_appid: appId, authorizer_refresh_token: refreshToken };
    const request = componentRequest(
      { componentAppId, appId, token, signal },
      "api_authorizer_token",
      json,
    );
    const tokenRequest = { ...request, secrets: [token, refreshToken] };
    return requestFields(platform, tokenRequest, (fields) =>
      authorizerTokensIn(fields, refreshToken),
    ).catch((error: unknown) => {
      throw isRefreshTokenRefused(error)
        ? new IssueError("input", error.message, { platformCode: refreshTokenInvalid })
        : error;
    });
  };

  return {
    id,
    origin: platform.origin,
    policy: { kind: "rotate", overlapMs, inputGraceMs: refreshGraceMs },
    lifetimeMs: tokenLifetimeMs,
    issue,
    async recover({ signal, parent }) {
      if (parent === undefined)
        throw new IssueError(
          "unsent",
          `${id} needs the component's token. Give its credential as parent.`,
        );
      const target = { componentAppId, appId, token: parent.reveal(), signal };
      return asSecret(await findRefreshToken(platform, target));
    },
  };
}

const refreshTokenInvalid = "61023";

function isRefreshTokenRefused(error: unknown): error is IssueError {
  return error instanceof IssueError && error.platformCode === refreshTokenInvalid;
}

/**
 * The access token, and the refresh token to use from now on: the answer's, or the one that was
 * sent if the answer has none.
 *
 * @throws {InvalidAnswerError} Either token has an invalid form.
 */
export function authorizerTokensIn(
  fields: Fields,
  sent?: string,
): TokenResponse & { readonly nextInput: Secret } {
  const grant = tokenResponseIn(fields, "authorizer_access_token");
  const name = "authorizer_refresh_token";
  return {
    ...grant,
    nextInput: asSecret(sent !== undefined && !fields.has(name) ? sent : secretIn(fields, name)),
  };
}
