/** The stable access token: the same for everybody until it nears its end. */
import type { Issuer } from "@lingpai/core";
import { requestDatedToken } from "./token-request.ts";
import type { TokenRequest } from "./token-request.ts";
import { shanghaiOffsetMs } from "../errors/classify.ts";
import { issueWithinFirstClaim } from "./credential-age.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import { tokenLifetimeMs } from "./plain-token.ts";
import type { TokenOptions } from "./plain-token.ts";
import { probeToken } from "./probe-token.ts";
import { secretSource } from "./secret-source.ts";
import { checkedId } from "../options/validate.ts";

/** How often to ask again for a token that outlives the lifetime stated when it was first seen. */
const confirmMs = 60_000;

/** The platform ignores a forced fetch that comes sooner after another one. */
export const forcedGapMs: number = 30_000;

/**
 * Fetches through `POST /cgi-bin/stable_token`, with the secret in the body. A fetch harms nobody:
 * the platform returns the same token until five minutes before its end, and then both tokens live
 * for five minutes. Only a forced fetch replaces it, at most 20 times a day and 30 s apart.
 *
 * @throws {ConfigurationError} The AppID, the secret or the base URL is invalid. Nothing is sent
 *   until the first issue.
 */
export function stableToken(options: TokenOptions): Issuer {
  requirePartOptions("stableToken()", options, ["appId", "quotaPerDay", "secret", "trim"]);
  const appId = checkedId(options.appId);
  const id = `wechat:stable:${appId}`;
  const platform = createPlatform(options);
  const source = secretSource(id, options.secret, options);
  return {
    id,
    origin: platform.origin,
    policy: { kind: "stable", renewWithinMs: 300_000 },
    lifetimeMs: tokenLifetimeMs,
    quota: {
      perDay: options.quotaPerDay ?? 500_000,
      dayOffsetMs: shanghaiOffsetMs,
      forced: { perDay: 20, gapMs: forcedGapMs },
    },
    issue: ({ signal, forced, current }) =>
      source.use(signal, async (secret) => {
        const tokenRequest: TokenRequest = {
          path: "/cgi-bin/stable_token",
          json: { grant_type: "client_credential", appid: appId, secret, force_refresh: forced },
          signal,
          secrets: [secret],
          subject: appId,
          endpoint: "token",
        };
        return issueWithinFirstClaim(
          current,
          await requestDatedToken(platform, tokenRequest, "access_token"),
          confirmMs,
        );
      }),
    probe: (token, signal) => probeToken(platform, token, signal),
    revision: source.revision,
  };
}
