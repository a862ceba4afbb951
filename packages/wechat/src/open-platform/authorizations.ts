/**
 * How an account authorises a third-party platform: the page that asks for it, the code that comes
 * back, and the tokens for which the code is exchanged.
 */
import type { CallOptions, Clock } from "@lingpai/core";
import type { Api } from "../calls/api.ts";
import { InvalidAnswerError, WechatApiError } from "../errors/platform-errors.ts";
import type { PushMessage } from "../push/push-message.ts";
import type { PushInbox } from "../push/push-inbox.ts";
import { redeemedOnce } from "../push/redeemed-codes.ts";
import { secretIn } from "../transport/platform-answer.ts";
import type { Fields } from "../transport/platform-answer.ts";
import { authorizationPageUrl } from "./authorization-page.ts";
import type { AuthorizationPage } from "./authorization-page.ts";
import { authorizerTokensIn } from "./authorizer-token.ts";
import type { Tenant } from "./tenant.ts";

export interface AuthorizationsOptions {
  readonly componentAppId: string;
  readonly clock: Clock;
  readonly inbox: PushInbox;
  /** Calls with the component's token. */
  readonly api: Pick<Api, "request">;
  tenant(appId: string): Tenant;
}

export interface PreAuthCode {
  /** A parameter of the page on which an account authorises the platform. */
  readonly code: string;
  readonly expiresInMs: number;
}

export interface Authorizations {
  preAuthCode(options?: CallOptions): Promise<PreAuthCode>;
  /**
   * The address of the page on which an account authorises this platform, with a new code. WeChat
   * opens the page only from the domain that the console names. It then sends the browser to
   * `redirectUrl` with the `auth_code` for {@link Authorizations.authorize}.
   *
   * @throws {ConfigurationError} `range` or `redirect-url`.
   * @throws The errors of {@link Authorizations.preAuthCode}.
   */
  authorizationPage(
    page: AuthorizationPage,
    options?: CallOptions,
  ): Promise<{ readonly url: string; readonly expiresInMs: number }>;
  /**
   * Redeems the code that the browser brings from the authorisation page, and stores the account's
   * tokens. The push that reports the authorisation brings the same code, and the client redeems it
   * by itself. Whichever comes second, on any node, finds the account ready.
   *
   * A failure after WeChat has redeemed the code loses nothing: the account's tenant fetches the
   * refresh token again by itself.
   *
   * @throws {WechatApiError} The code is used, expired or not issued by WeChat.
   * @throws {CacheUnavailableError} The tokens could not be stored.
   */
  authorize(code: string, options?: CallOptions): Promise<Tenant>;
  /**
   * Redeems the code of a pushed authorisation. A code is valid for ten minutes to an hour, and
   * works once.
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
      // Checks the page first, so that an invalid page costs no code.
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
 * Asks WeChat for the account's refresh token after its code was redeemed and the answer was lost.
 * A failure that a retry cannot mend does not make WeChat push the message again; the next call of
 * the tenant reports it.
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
  issued: ReturnType<typeof authorizerTokensIn>;
} {
  if (typeof info !== "object" || info === null)
    throw new InvalidAnswerError("it has no authorization_info");
  const fields: Fields = new Map(Object.entries(info));
  return { appId: secretIn(fields, "authorizer_appid"), issued: authorizerTokensIn(fields) };
}
