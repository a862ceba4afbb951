/** Asks for one account's refresh token: the way back when ours is lost, or in doubt. */
import { IssueError } from "@lingpai/core";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import { askFor } from "../tokens/token-request.ts";
import { listedRefreshToken } from "./authorizer-list.ts";
import type { ListRequest } from "./authorizer-list.ts";
import type { Platform } from "../transport/platform.ts";

const path = "/cgi-bin/component/api_get_authorizer_info";
const bytesMax = 1024 * 1024;

/**
 * Asks `api_get_authorizer_info`, one call for one account, which consumes nothing. For some
 * accounts its answer has an empty refresh token (reported in WeChat's community, 2020 to 2024);
 * then the list of all is looked through.
 *
 * @throws {IssueError} `fatal`: neither knows one, so the account has to authorise again. Otherwise
 *   as for an issue.
 */
export async function knownRefreshToken(platform: Platform, request: ListRequest): Promise<string> {
  const { componentAppId, appId, token, signal } = request;
  const question = {
    path,
    query: { component_access_token: token },
    json: { component_appid: componentAppId, authorizer_appid: appId },
    signal,
    secrets: [token],
    subject: appId,
    endpoint: "derived",
    bytesMax,
  } as const;
  const refreshToken = await askFor(platform, question, refreshTokenIn).catch((error: unknown) => {
    if (isUnauthorised(error))
      throw new IssueError("fatal", `${error.message} It has to authorise this platform again.`, {
        platformCode: "61003",
      });
    throw error;
  });
  return refreshToken ?? listedRefreshToken(platform, request);
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
