/** Tickets: credentials that are had for an access token. */
import { IssueError } from "@lingpai/core";
import type { Issuer } from "@lingpai/core";
import { askForGrant } from "./ask.ts";
import { createPlatform } from "./platform.ts";
import type { PlatformOptions } from "./platform.ts";
import { checkedId } from "./validate.ts";

/** `jsapi` signs pages for the JS-SDK; `wx_card` signs coupons. */
export type TicketType = "jsapi" | "wx_card";

export interface TicketOptions extends PlatformOptions {
  readonly appId: string;
  readonly type: TicketType;
}

/**
 * The platform hands out the same ticket while it lives and always says that 7200 s are left, so what it says of a ticket that another
 * environment fetched first is too much. Believing half an hour at a time keeps a dead ticket from being served for long.
 */
const believedMs = 1_800_000;

/**
 * Fetches through `GET /cgi-bin/ticket/getticket`. Give the access token's credential as `parent`: a refused token is reported to it and
 * is no failure of the ticket. Fetching harms nobody.
 *
 * @throws {ConfigurationError} the AppID or the base URL cannot be right.
 */
export function ticket(options: TicketOptions): Issuer {
  const appId = checkedId(options.appId);
  const platform = createPlatform(options);
  return {
    id: `wechat:ticket:${options.type}:${appId}`,
    policy: { kind: "sliding" },
    lifetimeMs: believedMs,
    async issue({ signal, parent }) {
      if (parent === undefined)
        throw new IssueError("unsent", `A ${options.type} ticket needs an access token. Give its credential as parent.`);
      const token = parent.reveal();
      const grant = await askForGrant(
        platform,
        {
          path: "/cgi-bin/ticket/getticket",
          query: { access_token: token, type: options.type },
          signal,
          secrets: [token],
          subject: appId,
          endpoint: "business",
        },
        "ticket",
      );
      return { secret: grant.secret, expiresInMs: Math.min(grant.expiresInMs, believedMs) };
    },
  };
}
