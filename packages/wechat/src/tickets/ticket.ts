/** Tickets: credentials that are obtained with an access token. */
import { ConfigurationError, IssueError } from "@lingpai/core";
import type { IssueRequest, Issuer } from "@lingpai/core";
import { requestDatedToken } from "../tokens/token-request.ts";
import type { TokenRequest } from "../tokens/token-request.ts";
import { issueOfKnownAge } from "../tokens/credential-age.ts";
import type { DatedToken } from "../tokens/credential-age.ts";
import { requirePartOptions } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import type { Platform, PlatformOptions } from "../transport/platform.ts";
import { checkedApp, checkedId, corpIdShape } from "../options/validate.ts";

/** `jsapi` signs pages for the JS-SDK; `wx_card` signs coupons. */
export type TicketType = "jsapi" | "wx_card";

export interface TicketOptions extends PlatformOptions {
  readonly appId: string;
  readonly type: TicketType;
}

/**
 * `jsapi` signs pages for the corp (`wx.config`), `agent_config` for one app (`wx.agentConfig`).
 */
export type WecomTicketType = "jsapi" | "agent_config";

export interface WecomTicketOptions extends Omit<PlatformOptions, "baseUrl"> {
  readonly corpId: string;
  /** The app whose token fetches it, named as in `wecomToken`. */
  readonly app: string;
  readonly type: WecomTicketType;
  /** @defaultValue "https://qyapi.weixin.qq.com" */
  readonly baseUrl?: string;
}

const ticketLifetimeMs = 7_200_000;
/**
 * WeChat publishes no limit, only that it is low. Six requests a minute of the whole fleet, for two
 * hours at most, are 720 in all.
 */
const confirmMs = 10_000;
/** 40 requests an hour, early ones included. WeCom allows an app 100 and a corp 400. */
const wecomConfirmMs = 120_000;

/**
 * Fetches through `GET /cgi-bin/ticket/getticket`. Give the access token's credential as `parent`:
 * a refused token is reported to it, and does not count as a failure of the ticket. A fetch harms
 * no other ticket.
 *
 * WeChat returns the same ticket for its whole lifetime, and states the whole lifetime each time
 * (checked in 2026, reported since 2020). So the lifetime counts from when the fleet first saw the
 * text. While the age of a ticket is unknown, the fleet asks again every 10 s until it has seen the
 * next ticket, and reports `age-unknown`. Until then a ticket may be served once for up to 10 s
 * after its end, because only an answer shows that it has ended.
 *
 * @throws {ConfigurationError} The AppID or the base URL is invalid.
 */
export function ticket(options: TicketOptions): Issuer {
  requirePartOptions("ticket()", options, ["appId", "type"]);
  requireType(options.type, ["jsapi", "wx_card"]);
  const appId = checkedId(options.appId);
  const id = `wechat:ticket:${options.type}:${appId}`;
  const source: Source = {
    path: "/cgi-bin/ticket/getticket",
    type: options.type,
    subject: appId,
    confirmMs,
  };
  return issuerOf(id, createPlatform(options), source);
}

/**
 * Fetches through `GET /cgi-bin/get_jsapi_ticket` or `GET /cgi-bin/ticket/get`. WeCom allows these
 * 400 times an hour for a corp and 100 times for an app. As in {@link ticket}, the lifetime counts
 * from when the fleet first saw the text; a ticket of unknown age is asked for again every 120 s.
 * Give the app token's credential as `parent`.
 *
 * @throws {ConfigurationError} The corp id, the app's name or the base URL is invalid.
 */
export function wecomTicket(options: WecomTicketOptions): Issuer {
  requirePartOptions("wecomTicket()", options, ["app", "corpId", "type"]);
  requireType(options.type, ["jsapi", "agent_config"]);
  const corpId = checkedId(options.corpId, corpIdShape);
  const app = checkedApp(options.app);
  const id = `wecom:ticket:${options.type}:${corpId}:${app}`;
  const place =
    options.type === "jsapi"
      ? { path: "/cgi-bin/get_jsapi_ticket" }
      : { path: "/cgi-bin/ticket/get", type: options.type };
  return issuerOf(id, createPlatform(options, "wecom"), {
    ...place,
    subject: corpId,
    confirmMs: wecomConfirmMs,
  });
}

/** @throws {ConfigurationError} `ticket-type` */
function requireType(type: string, known: readonly string[]): void {
  if (known.includes(type)) return;
  const names = known.map((each) => `"${each}"`).join(" or ");
  throw new ConfigurationError(`The ticket's type is ${JSON.stringify(type)}. Give ${names}.`, {
    rule: "ticket-type",
  });
}

interface Source {
  readonly path: string;
  readonly type?: string;
  readonly subject: string;
  readonly confirmMs: number;
}

function issuerOf(id: string, platform: Platform, source: Source): Issuer {
  return {
    id,
    origin: platform.origin,
    policy: { kind: "sliding" },
    lifetimeMs: ticketLifetimeMs,
    issue: (request) => issue(id, platform, source, request),
  };
}

async function issue(
  id: string,
  platform: Platform,
  source: Source,
  request: IssueRequest,
): ReturnType<Issuer["issue"]> {
  const { signal, parent } = request;
  if (parent === undefined)
    throw new IssueError("unsent", `${id} needs an access token. Give its credential as parent.`);
  const token = parent.reveal();
  const { path, type, subject, confirmMs: confirm } = source;
  const query = { access_token: token, ...(type === undefined ? {} : { type }) };
  const tokenRequest: TokenRequest = {
    path,
    query,
    signal,
    secrets: [token],
    subject,
    endpoint: "business",
  };
  const requestToken = (): Promise<DatedToken> =>
    requestDatedToken(platform, tokenRequest, "ticket");
  return issueOfKnownAge({ request, clock: platform.clock, confirmMs: confirm, requestToken });
}
