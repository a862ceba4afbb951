/**
 * Runs node-easywechat 3 on a credential of Lingpai. The SDK never fetches, and gets the replay
 * that it lacks.
 */
import { requireShape } from "@lingpai/core";
import { replacementOf, isDeadTokenCode } from "./replace-refused.ts";
import type { SharedCredential } from "./replace-refused.ts";
import { requireCredential } from "../require.ts";

/** The part of an `OfficialAccount` or `MiniApp` of node-easywechat that is used. */
export interface EasywechatApp {
  setAccessToken(accessToken: {
    getToken(): Promise<string>;
    toQuery(): Promise<Record<string, string>>;
  }): unknown;
  getHttpClient(): EasywechatHttp;
}

/** The part of its HTTP client that is used. */
export interface EasywechatHttp {
  request(method: string, url: string, payload?: EasywechatPayload): Promise<EasywechatAnswer>;
}

export interface EasywechatPayload {
  params?: unknown;
  data?: unknown;
  formData?: unknown;
}

export interface EasywechatAnswer {
  toObject(): unknown;
}

/**
 * Patches this application so that it uses the credential, and returns it. The application's cache
 * is not used for the access token any more, and the access token needs no AppSecret.
 *
 * A call whose token was refused is sent once more with the replacement. A stream cannot be sent
 * twice: then the caller gets the refusal, and the next call has a live token. Call this before the
 * application's first `getClient()`.
 */
export function patchNodeEasywechat<App extends EasywechatApp>(
  app: App,
  credential: SharedCredential,
): App {
  requireShape(
    "app",
    app,
    ["getHttpClient", "setAccessToken"],
    "Give an application of node-easywechat 3.",
  );
  requireCredential(credential);
  const getToken = async (): Promise<string> => (await credential.get()).reveal();
  app.setAccessToken({ getToken, toQuery: async () => ({ access_token: await getToken() }) });
  const http = app.getHttpClient();
  const send = http.request.bind(http);
  http.request = async (method, url, payload = {}) => {
    const answer = await send(method, url, payload);
    const refused = tokenIn(payload.params);
    const errcode = errcodeOf(answer);
    if (refused === undefined || !isDeadTokenCode(errcode)) return answer;
    const replacement = await replacementOf(credential, refused, errcode);
    if (replacement === undefined || isStream(payload.data) || isStream(payload.formData))
      return answer;
    return send(method, url, {
      ...payload,
      params: { ...Object(payload.params), access_token: replacement.reveal() },
    });
  };
  return app;
}

function tokenIn(params: unknown): string | undefined {
  if (typeof params !== "object" || params === null || !("access_token" in params))
    return undefined;
  return typeof params.access_token === "string" ? params.access_token : undefined;
}

/** Undefined for answers that are not JSON: images and other downloads. */
function errcodeOf(answer: EasywechatAnswer): unknown {
  try {
    const body = answer.toObject();
    return typeof body === "object" && body !== null && "errcode" in body
      ? body.errcode
      : undefined;
  } catch {
    return undefined;
  }
}

function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && "pipe" in body;
}
