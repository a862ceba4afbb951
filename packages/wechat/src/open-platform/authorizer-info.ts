/** Asks WeChat for one account's refresh token, when the fleet has lost it or is not sure of it. */
import { IssueError } from "@lingpai/core";
import { requestFields } from "../tokens/token-request.ts";
import type { Platform } from "../transport/platform.ts";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import { refreshTokenInList } from "./authorizer-list.ts";
import { componentRequest } from "./component-request.ts";
import type { ComponentRequest } from "./component-request.ts";

const bytesMax = 1024 * 1024;

/**
 * Asks `api_get_authorizer_info`: one call for one account, which consumes nothing. For some accounts
 * its answer has an empty refresh token (reported in WeChat's community, 2020 to 2024). Then the list
 * of all accounts is searched.
 *
 * @throws {IssueError} `fatal`: neither answer has a refresh token, so the account has to authorise
 *   the platform again. Other outcomes: as for an issue.
 */
export async function findRefreshToken(
  platform: Platform,
  request: ComponentRequest,
): Promise<string> {
  const json = { authorizer_appid: request.appId };
  const tokenRequest = componentRequest(request, "api_get_authorizer_info", json);
  const refreshToken = await requestFields(
    platform,
    { ...tokenRequest, bytesMax },
    refreshTokenIn,
  ).catch((error: unknown) => {
    if (isUnauthorised(error))
      throw new IssueError("fatal", `${error.message} It has to authorise this platform again.`, {
        platformCode: "61003",
      });
    throw error;
  });
  return refreshToken ?? refreshTokenInList(platform, request);
}

function refreshTokenIn(fields: Fields): string | undefined {
  const own: Fields = new Map(Object.entries(fields.get("authorization_info") ?? {}));
  const name = "authorizer_refresh_token";
  const value = own.get(name);
  return value === undefined || value === null || value === "" ? undefined : secretIn(own, name);
}

function isUnauthorised(error: unknown): error is IssueError {
  return error instanceof IssueError && error.platformCode === "61003";
}
