/** The plain access token: each fetch retires the token before it. */
import { requireShape } from "@lingpai/core";
import type { Issuer } from "@lingpai/core";
import { requestToken } from "./token-request.ts";
import { shanghaiOffsetMs } from "../errors/classify.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import { probeToken } from "./probe-token.ts";
import { secretSource } from "./secret-source.ts";
import type { SecretOption } from "./secret-source.ts";
import { checkedId } from "../options/validate.ts";

/** The options that both kinds of access token share. */
export interface TokenOptions extends PlatformOptions {
  /** The AppID of an official account or a mini program. */
  readonly appId: string;
  /**
   * The AppSecret, or a function that returns it and is called at each fetch, so that the secret
   * can be rotated without a restart.
   */
  readonly secret: SecretOption;
  /**
   * Removes white space around the secret, for mounted files that end in a newline.
   * @defaultValue false
   */
  readonly trim?: boolean;
  /**
   * How many fetches a day the platform grants this account: at least 20.
   * @defaultValue 2000 for the plain token, 500_000 for the stable one
   */
  readonly quotaPerDay?: number;
}

export interface PlainTokenOptions extends TokenOptions {
  /**
   * How long the platform accepts the previous token, in ms. The platform documents 300_000. Give 0
   * if superseded tokens of your account die at once; then the nodes need a store that pushes
   * changes.
   * @defaultValue 300_000
   */
  readonly overlapMs?: number;
  /**
   * The stable token of the same account, for use while another system keeps replacing the plain
   * token. It is independent of the plain token, and the same APIs accept it.
   */
  readonly fallback?: Issuer;
}

export const tokenLifetimeMs: number = 7_200_000;

/**
 * Fetches through `GET /cgi-bin/token`. Only the newest two tokens are ever alive, so exactly one
 * fleet may fetch for an AppID. Prefer {@link stableToken}, unless something that you cannot change
 * reads the plain token.
 *
 * The platform takes this secret in the query. This package never shows it, but a proxy or an HTTP
 * tracer may log URLs.
 *
 * @throws {ConfigurationError} The AppID, the secret or the base URL is invalid. Nothing is sent
 *   until the first issue.
 */
export function plainToken(options: PlainTokenOptions): Issuer {
  requirePartOptions("plainToken()", options, [
    "appId",
    "fallback",
    "overlapMs",
    "quotaPerDay",
    "secret",
    "trim",
  ]);
  const { fallback } = options;
  if (fallback !== undefined)
    requireShape("fallback", fallback, ["issue"], "A provider makes one: stableToken().");
  const appId = checkedId(options.appId);
  const id = `wechat:plain:${appId}`;
  const platform = createPlatform(options);
  const source = secretSource(id, options.secret, options);
  return {
    id,
    origin: platform.origin,
    policy: { kind: "supersede", overlapMs: options.overlapMs ?? 300_000 },
    lifetimeMs: tokenLifetimeMs,
    quota: { perDay: options.quotaPerDay ?? 2000, dayOffsetMs: shanghaiOffsetMs },
    issue: ({ signal }) =>
      source.use(signal, (secret) =>
        requestToken(
          platform,
          {
            path: "/cgi-bin/token",
            query: { grant_type: "client_credential", appid: appId, secret },
            signal,
            secrets: [secret],
            subject: appId,
            endpoint: "token",
          },
          "access_token",
        ),
      ),
    ...(fallback && { fallback }),
    probe: (token, signal) => probeToken(platform, token, signal),
    revision: source.revision,
  };
}
