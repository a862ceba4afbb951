/** Tickets: credentials that are had for an access token. */
import { IssueError } from "@lingpai/core";
import type { Issuer, IssueRequest } from "@lingpai/core";
import { askForGrant } from "./ask.ts";
import { errorTable, wecomErrorTable } from "./errors-table.ts";
import type { ErrorRow } from "./errors-table.ts";
import { createPlatform } from "./platform.ts";
import type { Platform, PlatformOptions } from "./platform.ts";
import { checkedApp, checkedId, corpIdShape } from "./validate.ts";
import { wecomBaseUrl } from "./wecom.ts";

/** `jsapi` signs pages for the JS-SDK; `wx_card` signs coupons. */
export type TicketType = "jsapi" | "wx_card";

export interface TicketOptions extends PlatformOptions {
  readonly appId: string;
  readonly type: TicketType;
}

/** `jsapi` signs pages for the corp (`wx.config`), `agent_config` for one app (`wx.agentConfig`). */
export type WecomTicketType = "jsapi" | "agent_config";

export interface WecomTicketOptions extends Omit<PlatformOptions, "baseUrl"> {
  readonly corpId: string;
  /** The app whose token fetches it, named as in `wecomToken`. */
  readonly app: string;
  readonly type: WecomTicketType;
  /** As for the other issuers. @defaultValue "https://qyapi.weixin.qq.com" */
  readonly baseUrl?: string;
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
  const id = `wechat:ticket:${options.type}:${appId}`;
  const source: Source = { path: "/cgi-bin/ticket/getticket", type: options.type, subject: appId, table: errorTable };
  return issuerOf(id, createPlatform(options), source);
}

/**
 * Fetches through `GET /cgi-bin/get_jsapi_ticket` or `GET /cgi-bin/ticket/get`, which WeCom allows 400 times an hour for a corp and 100 times
 * for an app. Give the app token's credential as `parent`.
 *
 * @throws {ConfigurationError} the corp id, the app's name or the base URL cannot be right.
 */
export function wecomTicket(options: WecomTicketOptions): Issuer {
  const corpId = checkedId(options.corpId, corpIdShape);
  const app = checkedApp(options.app);
  const id = `wecom:ticket:${options.type}:${corpId}:${app}`;
  const place = options.type === "jsapi" ? { path: "/cgi-bin/get_jsapi_ticket" } : { path: "/cgi-bin/ticket/get", type: options.type };
  return issuerOf(id, createPlatform(options, wecomBaseUrl), { ...place, subject: corpId, table: wecomErrorTable });
}

interface Source {
  readonly path: string;
  readonly type?: string;
  readonly subject: string;
  readonly table: readonly ErrorRow[];
}

function issuerOf(id: string, platform: Platform, source: Source): Issuer {
  return { id, policy: { kind: "sliding" }, lifetimeMs: believedMs, issue: (request) => issue(id, platform, source, request) };
}

async function issue(id: string, platform: Platform, source: Source, { signal, parent }: IssueRequest): ReturnType<Issuer["issue"]> {
  if (parent === undefined) throw new IssueError("unsent", `${id} needs an access token. Give its credential as parent.`);
  const token = parent.reveal();
  const { path, type, subject, table } = source;
  const query = { access_token: token, ...(type === undefined ? {} : { type }) };
  const grant = await askForGrant(platform, { path, query, signal, secrets: [token], subject, endpoint: "business", table }, "ticket");
  return { secret: grant.secret, expiresInMs: Math.min(grant.expiresInMs, believedMs) };
}
