/** WeCom's app token: one for each app of a corp, and the same for everybody until it expires. */
import type { Issuer } from "@lingpai/core";
import { requestDatedToken } from "../tokens/token-request.ts";
import type { TokenRequest } from "../tokens/token-request.ts";
import { issueOfKnownAge } from "../tokens/credential-age.ts";
import type { DatedToken } from "../tokens/credential-age.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import { probeToken } from "../tokens/probe-token.ts";
import { secretSource } from "../tokens/secret-source.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import { checkedApp, checkedId, corpIdShape, corpSecretShape } from "../options/validate.ts";

export const wecomBaseUrl = "https://qyapi.weixin.qq.com";

export interface WecomTokenOptions extends Omit<PlatformOptions, "baseUrl"> {
  /**
   * The corp id, plain (`ww…`, `wx…`) or encrypted (`wp…`), exactly as the platform gives it. It is
   * case-sensitive.
   */
  readonly corpId: string;
  /**
   * Distinguishes the corp's apps, because each has its own token: the agent id, or a name such as
   * `contacts`. 1 to 64 of `A-Za-z0-9._-`.
   */
  readonly app: string;
  /** The app's secret, or a function that returns it and is called at each fetch. */
  readonly secret: SecretOption;
  readonly trim?: boolean;
  /** @defaultValue "https://qyapi.weixin.qq.com" */
  readonly baseUrl?: string;
}

export const wecomLifetimeMs = 7_200_000;
/**
 * How often to ask again for a token of unknown age. Five minutes are enough, because a call with a
 * dead token is sent again.
 */
export const confirmMs = 300_000;

/**
 * Fetches through `GET /cgi-bin/gettoken`. A fetch harms nobody: each app has one token, and it is
 * never superseded.
 *
 * WeCom returns the same token for its whole lifetime, and states the whole lifetime each time. So
 * the lifetime counts from when the fleet first saw the text. A token of unknown age is reported as
 * `age-unknown`, and is asked for again every 300 s until the next one was seen.
 *
 * @throws {ConfigurationError} The corp id, the app's name, the secret or the base URL is invalid.
 *   Nothing is sent until the first issue.
 */
export function wecomToken(options: WecomTokenOptions): Issuer {
  requirePartOptions("wecomToken()", options, ["app", "corpId", "secret", "trim"]);
  const corpId = checkedId(options.corpId, corpIdShape);
  const id = `wecom:app:${corpId}:${checkedApp(options.app)}`;
  const platform = createPlatform(options, "wecom");
  const source = secretSource(id, options.secret, {
    ...options,
    shape: corpSecretShape,
    table: platform.table,
  });
  return {
    id,
    origin: platform.origin,
    policy: { kind: "sliding" },
    lifetimeMs: wecomLifetimeMs,
    issue: (request) =>
      source.use(request.signal, (secret) => {
        const tokenRequest: TokenRequest = {
          path: "/cgi-bin/gettoken",
          query: { corpid: corpId, corpsecret: secret },
          signal: request.signal,
          secrets: [secret],
          subject: corpId,
          endpoint: "token",
        };
        const requestToken = (): Promise<DatedToken> =>
          requestDatedToken(platform, tokenRequest, "access_token");
        return issueOfKnownAge({ request, clock: platform.clock, confirmMs, requestToken });
      }),
    probe: (token, signal) => probeToken(platform, token, signal),
    revision: source.revision,
  };
}
