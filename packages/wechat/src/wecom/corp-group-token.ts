/**
 * The token of a downstream corp (上下游, corpgroup), obtained with the token of the app that the
 * upstream corp shares with it.
 */
import { IssueError } from "@lingpai/core";
import type { Issuer } from "@lingpai/core";
import { requestDatedToken } from "../tokens/token-request.ts";
import type { TokenRequest } from "../tokens/token-request.ts";
import { issueOfKnownAge } from "../tokens/credential-age.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { PlatformOptions } from "../transport/platform.ts";
import { probeToken } from "../tokens/probe-token.ts";
import { checkedApp, checkedId, corpIdShape } from "../options/validate.ts";
import { confirmMs, wecomLifetimeMs } from "./wecom-token.ts";

export interface CorpGroupTokenOptions extends PlatformOptions {
  /** The upstream corp. */
  readonly corpId: string;
  /** The upstream corp's app, named as in `wecomToken`. */
  readonly app: string;
  /**
   * The downstream corp with which the app is shared, and the app's agent id there, as returned by
   * `corpgroup/corp/list_app_share_info`.
   */
  readonly downstreamCorpId: string;
  readonly agentId: string | number;
  /**
   * 0: a corp of the same group. 1: a downstream corp.
   * @defaultValue 0
   */
  readonly businessType?: 0 | 1;
}

/**
 * Fetches through `POST /cgi-bin/corpgroup/corp/gettoken`. Give the credential of the upstream
 * app's token as `parent`. A fetch harms nobody.
 *
 * @throws {ConfigurationError} An id, the app's name or the base URL is invalid.
 */
export function corpGroupToken(options: CorpGroupTokenOptions): Issuer {
  requirePartOptions("corpGroupToken()", options, [
    "agentId",
    "app",
    "businessType",
    "corpId",
    "downstreamCorpId",
  ]);
  const upstream = checkedId(options.corpId, corpIdShape);
  const downstream = checkedId(options.downstreamCorpId, corpIdShape);
  const agentId = checkedApp(String(options.agentId));
  const id = `wecom:corpgroup:${upstream}:${checkedApp(options.app)}:${downstream}:${agentId}`;
  const platform = createPlatform(options, "wecom");
  const json = {
    corpid: downstream,
    agentid: Number(agentId),
    business_type: options.businessType ?? 0,
  };
  return {
    id,
    origin: platform.origin,
    policy: { kind: "sliding" },
    lifetimeMs: wecomLifetimeMs,
    issue(request) {
      const token = request.parent?.reveal();
      if (token === undefined)
        throw new IssueError(
          "unsent",
          `${id} needs the app's token. Give its credential as parent.`,
        );
      const tokenRequest: TokenRequest = {
        path: "/cgi-bin/corpgroup/corp/gettoken",
        query: { access_token: token },
        json,
        signal: request.signal,
        secrets: [token],
        subject: downstream,
        endpoint: "derived",
      };
      const requestToken = (): ReturnType<typeof requestDatedToken> =>
        requestDatedToken(platform, tokenRequest, "access_token");
      return issueOfKnownAge({ request, clock: platform.clock, confirmMs, requestToken });
    },
    probe: (token, signal) => probeToken(platform, token, signal),
  };
}
