/** Searches WeChat's list of the accounts that authorised a platform for one account's refresh token. */
import { IssueError } from "@lingpai/core";
import { InvalidAnswerError } from "../errors/platform-errors.ts";
import { requestFields } from "../tokens/token-request.ts";
import type { Platform } from "../transport/platform.ts";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import { componentRequest } from "./component-request.ts";
import type { ComponentRequest } from "./component-request.ts";

/** The most accounts that WeChat puts into one answer. */
const pageSize = 500;
const pagesMax = 1_000;
const bytesMax = 1024 * 1024;

/**
 * Reads page after page of `api_get_authorizer_list` until it finds the account: one call for 500
 * accounts. Consumes nothing.
 *
 * @throws {IssueError} `fatal`: the account is not on the list, so it has not authorised this
 *   component. Other outcomes: as for an issue.
 */
export async function refreshTokenInList(
  platform: Platform,
  request: ComponentRequest,
): Promise<string> {
  const { appId, componentAppId } = request;
  for (let page = 0; page < pagesMax; page += 1) {
    const offset = page * pageSize;
    const json = { offset, count: pageSize };
    const tokenRequest = componentRequest(request, "api_get_authorizer_list", json);
    const { total, tenants } = await requestFields(platform, { ...tokenRequest, bytesMax }, pageIn);
    const tenant = tenants.find((fields) => fields.get("authorizer_appid") === appId);
    if (tenant !== undefined) return refreshTokenOf(tenant, appId);
    if (tenants.length === 0 || offset + tenants.length >= total) break;
  }
  throw new IssueError(
    "fatal",
    `${appId} is not on the list of accounts that authorised ${componentAppId}. It has to authorise this platform again.`,
    {
      platformCode: "61003",
    },
  );
}

function refreshTokenOf(tenant: Fields, appId: string): string {
  try {
    return secretIn(tenant, "refresh_token");
  } catch (error) {
    if (!(error instanceof InvalidAnswerError)) throw error;
    throw new IssueError(
      "fatal",
      `WeChat returns no refresh token for ${appId}, neither with the account's information nor in the list of all accounts. The account has to authorise this platform again.`,
      { platformCode: "no-refresh-token" },
    );
  }
}

function pageIn(fields: Fields): { total: number; tenants: readonly Fields[] } {
  const list = fields.get("list");
  const total = fields.get("total_count");
  if (!Array.isArray(list) || !list.every((each) => typeof each === "object" && each !== null))
    throw new InvalidAnswerError("it has no list");
  if (typeof total !== "number") throw new InvalidAnswerError("it has no total_count");
  return { total, tenants: list.map((each: object) => new Map(Object.entries(each))) };
}
