/**
 * WeCom (企业微信) for a corp's own apps: tokens that stay the same until they expire, and tickets
 * with hourly limits.
 */
import { checkToken, wecomToken } from "../accounts/check-token.ts";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import { defaultIp } from "../ledger/context.ts";
import type { TicketBody } from "../accounts/calls.ts";
import type { OkBody } from "../accounts/official-accounts.ts";
import { okBody } from "../accounts/official-accounts.ts";
import { WindowMeter } from "../ledger/quota.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";
import type { Tickets } from "../accounts/tickets.ts";

export interface CorpOptions {
  readonly corpId: string;
  readonly apps: readonly CorpAppOptions[];
  /**
   * The addresses that may fetch tokens.
   * @defaultValue undefined, which allows all
   */
  readonly allowIps?: readonly string[];
  /**
   * The code with which a wrong secret is refused.
   * @defaultValue 40001
   */
  readonly wrongSecretCode?: 40001 | 40091;
  /**
   * The downstream corps with which its apps are shared, and the apps' agent ids there.
   * @defaultValue none
   */
  readonly shares?: readonly { readonly corpId: string; readonly agentId: number }[];
  /**
   * After `perMinute` fetches of one app in a clock minute, further ones are refused with 45009 for
   * `blockMs`.
   * @defaultValue no limit
   */
  readonly throttle?: { readonly perMinute: number; readonly blockMs: 60_000 | 3_600_000 };
}

export interface CorpAppOptions {
  readonly agentId: string;
  readonly secret: string;
}

export interface WecomTokenBody extends OkBody {
  readonly access_token: string;
  /** Seconds: always the whole lifetime. */
  readonly expires_in: number;
}

interface App {
  readonly secret: string;
  readonly space: TokenSpace;
  readonly meter: WindowMeter;
  blockedUntilMs: number;
}

interface Corp {
  readonly options: CorpOptions;
  readonly apps: readonly App[];
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** Ticket requests per hour, for each ticket endpoint. */
const ticketsPerHour = { corp: 400, app: 100 };

export class Wecom {
  readonly #context: Context;
  readonly #lifetimeMs: number;
  readonly #tickets: Tickets;
  readonly #corps: ReadonlyMap<string, Corp>;
  readonly #ticketMeters = new Map<string, WindowMeter>();

  constructor(
    context: Context,
    lifetimeMs: number,
    tickets: Tickets,
    corps: readonly CorpOptions[],
  ) {
    this.#context = context;
    this.#lifetimeMs = lifetimeMs;
    this.#tickets = tickets;
    this.#corps = new Map(
      corps.map((options) => [
        options.corpId,
        { options, apps: options.apps.map((app) => this.#app(options, app)) },
      ]),
    );
  }

  /**
   * `/cgi-bin/gettoken`: the same token until it expires, one for each app's secret. The log names
   * it `corpId/agentId`.
   */
  issue(
    request: Sender & { readonly corpId: string; readonly secret: string },
  ): Answer<WecomTokenBody> {
    const { corpId, secret, ip = defaultIp } = request;
    const corp = this.#corps.get(corpId);
    const app = corp?.apps.find((each) => each.secret === secret);
    const subject: LogSubject = {
      kind: "issue",
      endpoint: "/cgi-bin/gettoken",
      appId: app?.space.appId ?? (corpId || undefined),
      sender: request,
    };
    if (corpId === "") return this.#context.refuseWecom(subject, 41002, "malformed");
    if (secret === "") return this.#context.refuseWecom(subject, 41004, "malformed");
    if (corp === undefined) return this.#context.refuseWecom(subject, 40013, "unknown-app");
    const { wrongSecretCode = 40001, allowIps, throttle } = corp.options;
    if (app === undefined)
      return this.#context.refuseWecom(subject, wrongSecretCode, "wrong-secret");
    if (allowIps !== undefined && !allowIps.includes(ip))
      return this.#context.refuseWecom(subject, 60020, "ip");
    if (throttle !== undefined && !admits(app, throttle.blockMs, this.#context.nowMs()))
      return this.#context.refuseWecom(subject, 45009, "minute-quota");
    return this.#context.handOut(subject, app.space, ({ text }) => ({
      ...okBody,
      access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  /**
   * `/cgi-bin/corpgroup/corp/gettoken`: the token of a downstream corp for an app that is shared
   * with it, the same until it expires.
   */
  groupToken(
    request: Sender & {
      readonly accessToken: string;
      readonly corpId: string;
      readonly agentId: number;
    },
  ): Answer<WecomTokenBody> {
    const endpoint = "/cgi-bin/corpgroup/corp/gettoken";
    const checked = checkToken(
      this.#context.tokens,
      request.accessToken,
      wecomToken,
      this.#context.nowMs(),
    );
    const { corpId, agentId } = request;
    const appId = `${corpId}/${agentId}`;
    const subject: LogSubject = { kind: "issue", endpoint, appId, sender: request };
    if (!checked.alive)
      return this.#context.refuseWecom(subject, checked.cause.code, checked.cause.reason);
    const upstream = this.#corps.get(checked.token.appId.split("/")[0] ?? "");
    const isShared =
      upstream?.options.shares?.some(
        (share) => share.corpId === corpId && share.agentId === agentId,
      ) ?? false;
    if (!isShared) return this.#context.refuseWecom(subject, 670_001, "unauthorised");
    const space = this.#context.spaces.of(appId, "corp").at(0) ?? this.#open(appId);
    return this.#context.handOut(subject, space, ({ text }) => ({
      ...okBody,
      access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  /** `/cgi-bin/get_jsapi_ticket`: one ticket for each corp, the same during its lifetime. */
  jsapiTicket(request: Sender & { readonly accessToken: string }): Answer<TicketBody> {
    return this.#ticket("/cgi-bin/get_jsapi_ticket", request, (corpId) =>
      this.#tickets.space(corpId, "jsapi"),
    );
  }

  /**
   * `/cgi-bin/ticket/get?type=agent_config`: one ticket for each app, the same during its lifetime.
   */
  agentTicket(
    request: Sender & { readonly accessToken: string; readonly type: string },
  ): Answer<TicketBody> {
    const endpoint = "/cgi-bin/ticket/get";
    if (request.type === "agent_config")
      return this.#ticket(endpoint, request, (_corpId, appId) =>
        this.#tickets.space(appId, "agent_config"),
      );
    return this.#context.refuseWecom(
      { kind: "issue", endpoint, appId: undefined, sender: request },
      40097,
      "malformed",
    );
  }

  get #lifetimeS(): number {
    return Math.floor(this.#lifetimeMs / 1000);
  }

  #open(appId: string): TokenSpace {
    return this.#context.spaces.open({
      kind: "corp",
      appId,
      lifetimeMs: this.#lifetimeMs,
      supersession: independent,
    });
  }

  #app({ corpId, throttle }: CorpOptions, { agentId, secret }: CorpAppOptions): App {
    const space = this.#open(`${corpId}/${agentId}`);
    return {
      secret,
      space,
      meter: new WindowMeter(minuteMs, throttle?.perMinute ?? Infinity),
      blockedUntilMs: Number.NEGATIVE_INFINITY,
    };
  }

  #ticket(
    endpoint: string,
    request: Sender & { readonly accessToken: string },
    spaceOf: (corpId: string, appId: string) => TokenSpace,
  ): Answer<TicketBody> {
    const nowMs = this.#context.nowMs();
    const checked = checkToken(this.#context.tokens, request.accessToken, wecomToken, nowMs);
    const appId = checked.token?.appId ?? "";
    const subject: LogSubject = {
      kind: "issue",
      endpoint,
      appId: appId || undefined,
      sender: request,
    };
    if (!checked.alive)
      return this.#context.refuseWecom(subject, checked.cause.code, checked.cause.reason);
    const [corpId = appId] = appId.split("/");
    const meters = [
      this.#meter(endpoint, corpId, ticketsPerHour.corp),
      this.#meter(endpoint, appId, ticketsPerHour.app),
    ];
    if (!meters.every((meter) => meter.hasRoom(nowMs)))
      return this.#context.refuseWecom(subject, 45009, "hour-quota");
    for (const meter of meters) meter.count(nowMs);
    const space = spaceOf(corpId, appId);
    const owned = { ...subject, appId: space.appId };
    return this.#context.handOut(owned, space, ({ text }) => ({
      ...okBody,
      ticket: text,
      expires_in: this.#lifetimeS,
    }));
  }

  #meter(endpoint: string, who: string, perHour: number): WindowMeter {
    const key = `${endpoint} ${who}`;
    let meter = this.#ticketMeters.get(key);
    if (meter === undefined)
      this.#ticketMeters.set(key, (meter = new WindowMeter(hourMs, perHour)));
    return meter;
  }
}

/** Counts one fetch. One fetch too many starts a block. */
function admits(app: App, blockMs: number, nowMs: number): boolean {
  if (nowMs < app.blockedUntilMs) return false;
  if (!app.meter.hasRoom(nowMs)) {
    app.blockedUntilMs = nowMs + blockMs;
    return false;
  }
  app.meter.count(nowMs);
  return true;
}
