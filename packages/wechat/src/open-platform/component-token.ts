/** A third-party platform's own token, obtained with the ticket that WeChat pushes. */
import { IssueError } from "@lingpai/core";
import type { Issuer } from "@lingpai/core";
import { requestToken } from "../tokens/token-request.ts";
import { shanghaiOffsetMs } from "../errors/classify.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import { tokenLifetimeMs } from "../tokens/plain-token.ts";
import { secretSource } from "../tokens/secret-source.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import { checkedId } from "../options/validate.ts";

export interface ComponentTokenOptions extends PlatformOptions {
  /** The component's AppID. */
  readonly componentAppId: string;
  /** The component's AppSecret, or a function that returns it and is called at each fetch. */
  readonly secret: SecretOption;
  readonly trim?: boolean;
  /**
   * How long the platform accepts the previous token, in ms.
   * @defaultValue 300_000
   */
  readonly overlapMs?: number;
  /**
   * How many fetches a day the platform grants: at least 20.
   * @defaultValue 2000
   */
  readonly quotaPerDay?: number;
}

/**
 * Fetches through `POST /cgi-bin/component/api_component_token`. Give the pushed ticket as
 * `parent`: a ticket that WeChat refuses is reported to it, and the previous ticket is tried at
 * once.
 *
 * @throws {ConfigurationError} The AppID, the secret or the base URL is invalid. Nothing is sent
 *   until the first issue.
 */
export function componentToken(options: ComponentTokenOptions): Issuer {
  requirePartOptions("componentToken()", options, [
    "componentAppId",
    "overlapMs",
    "quotaPerDay",
    "secret",
    "trim",
  ]);
  const componentAppId = checkedId(options.componentAppId);
  const id = `wechat:component:${componentAppId}`;
  const platform = createPlatform(options);
  const source = secretSource(id, options.secret, options);
  return {
    id,
    origin: platform.origin,
    policy: { kind: "supersede", overlapMs: options.overlapMs ?? 300_000 },
    lifetimeMs: tokenLifetimeMs,
    quota: { perDay: options.quotaPerDay ?? 2000, dayOffsetMs: shanghaiOffsetMs },
    issue: ({ signal, parent }) =>
      source.use(signal, async (secret) => {
        if (parent === undefined)
          throw new IssueError("unsent", `${id} needs a pushed ticket. Give it as parent.`);
        const ticket = parent.reveal();
        const json = {
          component_appid: componentAppId,
          component_appsecret: secret,
          component_verify_ticket: ticket,
        };
        const tokenRequest = {
          path: "/cgi-bin/component/api_component_token",
          json,
          signal,
          secrets: [secret, ticket],
          subject: componentAppId,
          endpoint: "token",
        } as const;
        return requestToken(platform, tokenRequest, "component_access_token");
      }),
    revision: source.revision,
  };
}
