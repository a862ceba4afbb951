/**
 * How an account authorises a third-party platform: the page, the code that comes back from it, and
 * the tokens that the code brings.
 */
import type { CallOptions, Clock } from "@lingpai/core";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import type { Api } from "../calls/api.ts";
import { authorizationPageUrl } from "./authorization-page.ts";
import { authorizerGrantIn } from "./authorizer-token.ts";
import { InvalidAnswerError, WechatApiError } from "../errors/platform-errors.ts";
import type { OpenPlatform, PreAuthCode, Tenant } from "./open-platform.ts";
import type { PushInbox } from "../push/push-inbox.ts";
import type { PushMessage } from "../push/push-handler.ts";
import { redeemedOnce } from "../push/redeemed-codes.ts";

export interface AuthorizationsOptions {
  readonly componentAppId: string;
  readonly clock: Clock;
  readonly inbox: PushInbox;
  /** Calls with the component's token. */
  readonly api: Pick<Api, "request">;
  tenant(appId: string): Tenant;
}

export interface Authorizations extends Pick<
  OpenPlatform,
  "preAuthCode" | "authorizationPage" | "authorize"
> {
  /**
   * Redeems the code that a pushed authorisation brings, which is good for ten minutes to an hour
   * and works once.
   */
  redeemPushed(message: PushMessage): Promise<void>;
}

export function authorizations({
  componentAppId,
  clock,
  inbox,
  api,
  tenant,
}: AuthorizationsOptions): Authorizations {
  const preAuthCode = async (call: CallOptions = {}): Promise<PreAuthCode> => {
    const answer = await api.request("/cgi-bin/component/api_create_preauthcode", {
      json: { component_appid: componentAppId },
      ...call,
    });
    return preAuthCodeIn(new Map(Object.entries(answer)));
  };

  const redeem = async (code: string, call: CallOptions): Promise<string> => {
    const startedMs = clock.monotonicMs();
    const json = { component_appid: componentAppId, authorization_code: code };
    const answer = await api.request("/cgi-bin/component/api_query_auth", { json, ...call });
    const { appId, issued } = authorizationIn(answer["authorization_info"]);
    await tenant(appId).credential.seed(issued, {
      ...call,
      ageMs: clock.monotonicMs() - startedMs,
    });
    return appId;
  };

  const authorize = async (code: string, call: CallOptions = {}): Promise<Tenant> =>
    tenant(
      await redeemedOnce(code, {
        inbox,
        clock,
        signal: call.signal,
        redeem: () => redeem(code, call),
      }),
    );

  return {
    preAuthCode,
    authorize,
    async authorizationPage(page, call = {}) {
      // A page that cannot be right costs no code.
      authorizationPageUrl(componentAppId, "", page);
      const { code, expiresInMs } = await preAuthCode(call);
      return { url: authorizationPageUrl(componentAppId, code, page), expiresInMs };
    },
    async redeemPushed(message) {
      const { code, appId } = pushedCode(message);
      if (code === undefined || appId === undefined) return;
      try {
        await authorize(code);
      } catch (error) {
        if (!(error instanceof WechatApiError)) throw error;
        await requireTokens(tenant(appId));
      }
    },
  };
}

function pushedCode({ infoType, fields }: PushMessage): {
  readonly code?: string | undefined;
  readonly appId?: string | undefined;
} {
  if (infoType === "authorized" || infoType === "updateauthorized")
    return { code: fields.get("AuthorizationCode"), appId: fields.get("AuthorizerAppid") };
  if (infoType === "notify_third_fasteregister")
    return { code: fields.get("auth_code"), appId: fields.get("appid") };
  return {};
}

/**
 * For a code that was redeemed before its tokens got lost on their way: the account's refresh token
 * is asked for. What cannot be mended is no reason to have the message sent again, and is told with
 * the next call.
 */
async function requireTokens({ credential }: Tenant): Promise<void> {
  try {
    await credential.get();
  } catch (error) {
    if (error instanceof Error && "retryable" in error && error.retryable === true) throw error;
  }
}

function preAuthCodeIn(fields: Fields): PreAuthCode {
  const expiresIn = fields.get("expires_in");
  if (typeof expiresIn !== "number" || !(expiresIn > 0))
    throw new InvalidAnswerError("it has no expires_in");
  return { code: secretIn(fields, "pre_auth_code"), expiresInMs: expiresIn * 1000 };
}

function authorizationIn(info: unknown): {
  appId: string;
  issued: ReturnType<typeof authorizerGrantIn>;
} {
  if (typeof info !== "object" || info === null)
    throw new InvalidAnswerError("it has no authorization_info");
  const fields: Fields = new Map(Object.entries(info));
  return { appId: secretIn(fields, "authorizer_appid"), issued: authorizerGrantIn(fields) };
}
