/** The login of a mini program's user. */
import type { CallOptions } from "@lingpai/core";
import { refusalIn, secretIn } from "../transport/platform-answer.ts";
import { sendTokenRequest } from "../tokens/token-request.ts";
import { classify } from "../errors/classify.ts";
import { WechatApiError } from "../errors/platform-errors.ts";
import type { Platform } from "../transport/platform.ts";
import type { SecretSource } from "../tokens/secret-source.ts";

/** The user's identity, and the key that opens what the mini program encrypts. */
export interface UserSession {
  readonly openId: string;
  /** Given only if the account is bound to an open platform account. */
  readonly unionId: string | undefined;
  /** Base64. Keep it on the server, and out of logs. */
  readonly sessionKey: string;
}

export interface LoginOptions {
  readonly appId: string;
  readonly platform: Platform;
  readonly secrets: SecretSource;
}

const path = "/sns/jscode2session";

/**
 * Exchanges the code of `wx.login` for the user's session, with `GET /sns/jscode2session`. The
 * request carries the secret in the query, which this package never shows, and costs no access
 * token. A code works once, for five minutes.
 *
 * @throws {WechatApiError} 40029, 40163: the code is wrong, too old or used.
 */
export function userSession(
  { appId, platform, secrets }: LoginOptions,
  code: string,
  { signal }: CallOptions = {},
): Promise<UserSession> {
  const ends = signal ?? new AbortController().signal;
  return secrets.use(ends, async (secret) => {
    const query = { appid: appId, secret, js_code: code, grant_type: "authorization_code" };
    const tokenRequest = {
      path,
      query,
      signal: ends,
      secrets: [secret, code],
      subject: appId,
      endpoint: "business",
    } as const;
    const { fields, platformNowMs } = await sendTokenRequest(platform, tokenRequest);
    const refusal = refusalIn(fields, [secret, code]);
    if (refusal !== undefined)
      throw new WechatApiError(
        `GET ${path}`,
        refusal,
        classify("business", refusal.errcode),
        platformNowMs,
      );
    const unionId = fields.get("unionid");
    return {
      openId: secretIn(fields, "openid"),
      unionId: typeof unionId === "string" && unionId !== "" ? unionId : undefined,
      sessionKey: secretIn(fields, "session_key"),
    };
  });
}
