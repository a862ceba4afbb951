/**
 * Runs co-wechat-api 3 on a credential of Lingpai. The SDK never fetches, and a refused token is
 * replaced once, for the whole fleet.
 */
import { requireShape } from "@lingpai/core";
import { replacementOf, isDeadTokenCode } from "./replace-refused.ts";
import type { SharedCredential } from "./replace-refused.ts";
import { requireCredential } from "../require.ts";

/** The part of co-wechat-api's client that is used. */
export interface CoWechatApi {
  ensureAccessToken(): Promise<CoWechatToken>;
  getAccessToken(): Promise<CoWechatToken>;
  request(url: string, options?: unknown, retry?: number): Promise<unknown>;
}

export interface CoWechatToken {
  readonly accessToken: string;
  /** In ms since the Unix epoch. */
  readonly expireTime: number;
}

/**
 * Patches this client so that it uses the credential, and returns it. All of its methods work as
 * before. The functions that its constructor took to load and save tokens are not used any more,
 * and its AppSecret may be empty.
 *
 * A call whose token was refused is sent once more with the replacement. The client's own retry is
 * turned off, because it would fetch for itself and overwrite the shared token.
 */
export function patchCoWechatApi<Api extends CoWechatApi>(
  api: Api,
  credential: SharedCredential,
): Api {
  requireShape(
    "api",
    api,
    ["ensureAccessToken", "getAccessToken", "request"],
    "Give a client of co-wechat-api 3.",
  );
  requireCredential(credential);
  const send = api.request.bind(api);
  // The credential decides how long a token lasts, so it is asked for each call.
  const current = async (): Promise<CoWechatToken> => ({
    accessToken: (await credential.get()).reveal(),
    expireTime: Number.MAX_SAFE_INTEGER,
  });
  api.ensureAccessToken = current;
  api.getAccessToken = current;
  api.request = async (url, options) => {
    try {
      return await send(url, options, 0);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      const again = new URL(url);
      const refused = again.searchParams.get("access_token");
      if (refused === null || !isDeadTokenCode(code)) throw error;
      const replacement = await replacementOf(credential, refused, code);
      if (replacement === undefined) throw error;
      again.searchParams.set("access_token", replacement.reveal());
      return send(again.href, options, 0);
    }
  };
  return api;
}
