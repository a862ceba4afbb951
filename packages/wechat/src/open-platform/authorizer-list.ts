/**
 * Looks a tenant's refresh token up in the platform's own list: the way back when ours is lost, or
 * in doubt.
 */
import { IssueError } from "@lingpai/core";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import { askFor } from "../tokens/token-request.ts";

import { InvalidAnswerError } from "../errors/platform-errors.ts";
import type { Platform } from "../transport/platform.ts";

export interface ListRequest {
  readonly componentAppId: string;
  readonly appId: string;
  /** The component's token. */
  readonly token: string;
  readonly signal: AbortSignal;
}

const path = "/cgi-bin/component/api_get_authorizer_list";
/** The most that the platform gives in one answer. */
const pageSize = 500;
const pagesMax = 1_000;
const bytesMax = 1024 * 1024;

/**
 * Reads page after page until the tenant is found. It costs one call for 500 tenants and consumes
 * nothing.
 *
 * @throws {IssueError} `fatal`: the tenant is not on the list, so it has not authorised this
 *   component. Otherwise as for an issue.
 */
export async function listedRefreshToken(
  platform: Platform,
  { componentAppId, appId, token, signal }: ListRequest,
): Promise<string> {
  for (let page = 0; page < pagesMax; page += 1) {
    const offset = page * pageSize;
    const json = { component_appid: componentAppId, offset, count: pageSize };
    const question = {
      path,
      query: { component_access_token: token },
      json,
      signal,
      secrets: [token],
      subject: appId,
      endpoint: "derived",
      bytesMax,
    } as const;
    const { total, tenants } = await askFor(platform, question, pageIn);
    const tenant = tenants.find((fields) => fields.get("authorizer_appid") === appId);
    if (tenant !== undefined) return named(tenant, appId);
    if (tenants.length === 0 || offset + tenants.length >= total) break;
  }
  throw new IssueError(
    "fatal",
    `${appId} is not on the list of those who authorised ${componentAppId}. It has to authorise this platform again.`,
    {
      platformCode: "61003",
    },
  );
}

function named(tenant: Fields, appId: string): string {
  try {
    return secretIn(tenant, "refresh_token");
  } catch (error) {
    if (!(error instanceof InvalidAnswerError)) throw error;
    throw new IssueError(
      "fatal",
      `WeChat names no refresh token for ${appId}, neither with its information nor on the list of all. It has to authorise this platform again.`,
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
