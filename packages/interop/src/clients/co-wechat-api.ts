/**
 * co-wechat-api 3 on a credential of Lingpai: it never fetches, and a refused token is replaced for
 * the whole fleet, once.
 */
import { requireShape } from "@lingpai/core";
import { replacementOf, saysDead } from "./replace-refused.ts";
import type { Lent } from "./replace-refused.ts";
import { requireCredential } from "../require.ts";

/** What is used of co-wechat-api's client. */
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
 * Makes this client use the credential, and returns it. All of its methods then work as before;
 * what its constructor was given to load and to save tokens is not used any more, and its AppSecret
 * may be empty.
 *
 * A call whose token was refused is sent once more with the replacement. Its own retry would fetch
 * for itself and save over what is shared.
 */
export function lendToCoWechatApi<Api extends CoWechatApi>(api: Api, credential: Lent): Api {
  requireShape(
    "api",
    api,
    ["ensureAccessToken", "getAccessToken", "request"],
    "Give a client of co-wechat-api 3.",
  );
  requireCredential(credential);
  const send = api.request.bind(api);
  // Whether it lasts is the credential's affair: it is asked for each call.
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
      if (refused === null || !saysDead(code)) throw error;
      const replacement = await replacementOf(credential, refused, code);
      if (replacement === undefined) throw error;
      again.searchParams.set("access_token", replacement.reveal());
      return send(again.href, options, 0);
    }
  };
  return api;
}
