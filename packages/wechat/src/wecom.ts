/** WeCom's app token: one for each app of a corp, the same for everybody until it expires. */
import type { Issuer } from "@lingpai/core";
import { askForGrant } from "./ask.ts";
import { wecomErrorTable } from "./errors-table.ts";
import { createPlatform } from "./platform.ts";
import type { PlatformOptions } from "./platform.ts";
import { probeToken } from "./probe.ts";
import { secretSource } from "./secret-source.ts";
import type { SecretOption } from "./secret-source.ts";
import { checkedApp, checkedId, corpIdShape, corpSecretShape } from "./validate.ts";

export const wecomBaseUrl = "https://qyapi.weixin.qq.com";

export interface WecomTokenOptions extends Omit<PlatformOptions, "baseUrl"> {
  /** The corp id, plain (`ww…`, `wx…`) or encrypted (`wp…`): in whatever form the platform gives it, with its case. */
  readonly corpId: string;
  /** Tells the corp's apps apart, because each has a token of its own: the agent id, or a name such as `contacts`. 1 to 64 of `A-Za-z0-9._-`. */
  readonly app: string;
  /** The app's secret, or a function that is asked for it at each fetch. */
  readonly secret: SecretOption;
  readonly trim?: boolean;
  /** As for the other issuers. @defaultValue "https://qyapi.weixin.qq.com" */
  readonly baseUrl?: string;
}

/**
 * The platform hands out the same token until it expires, and says that 7200 s are left whatever is. Believing half an hour at a time
 * keeps a dead token from being served for long; a call that meets one is sent again.
 */
export const believedMs = 1_800_000;

/**
 * Fetches through `GET /cgi-bin/gettoken`. A fetch harms nobody: there is one token for each app, and it is never superseded.
 *
 * @throws {ConfigurationError} the corp id, the app's name, the secret or the base URL cannot be right. Nothing is sent until the first issue.
 */
export function wecomToken(options: WecomTokenOptions): Issuer {
  const corpId = checkedId(options.corpId, corpIdShape);
  const id = `wecom:app:${corpId}:${checkedApp(options.app)}`;
  const platform = createPlatform(options, wecomBaseUrl);
  const source = secretSource(id, options.secret, { ...options, shape: corpSecretShape });
  return {
    id,
    policy: { kind: "sliding" },
    lifetimeMs: believedMs,
    issue: ({ signal }) =>
      source.use(signal, async (secret) => {
        const grant = await askForGrant(
          platform,
          {
            path: "/cgi-bin/gettoken",
            query: { corpid: corpId, corpsecret: secret },
            signal,
            secrets: [secret],
            subject: corpId,
            endpoint: "token",
            table: wecomErrorTable,
          },
          "access_token",
        );
        return { secret: grant.secret, expiresInMs: Math.min(grant.expiresInMs, believedMs) };
      }),
    probe: (token, signal) => probeToken(platform, token, signal),
    revision: source.revision,
  };
}
