/**
 * Calls that spend an access token: the business endpoints, and the endpoints about the account
 * itself.
 */
import type { Account, Accounts } from "./account.ts";
import type { Expectation } from "./check-token.ts";
import { checkToken, officialToken, wecomToken } from "./check-token.ts";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import type { Host } from "../paths/hosts.ts";
import type { OkBody } from "./official-accounts.ts";
import { okBody } from "./official-accounts.ts";
import type { Tickets } from "./tickets.ts";

export interface CallRequest extends Sender {
  /** The host that is called. Undefined: one address that serves both. */
  readonly host?: Host | undefined;
  /** The path, such as `/cgi-bin/user/info`. Quotas are counted by it. */
  readonly endpoint: string;
  readonly accessToken: string;
  /**
   * The kind of token that the endpoint takes.
   * @defaultValue an account's or a WeCom app's, whichever the token is
   */
  readonly expected?: Expectation;
}

export interface TicketBody extends OkBody {
  readonly ticket: string;
  /** Seconds: always the whole lifetime. */
  readonly expires_in: number;
}

export interface QuotaBody extends OkBody {
  readonly quota: { readonly daily_limit: number; readonly used: number; readonly remain: number };
  readonly rate_limit: { readonly call_count: number; readonly refresh_second: number };
}

/** Answers calls for every kind of account. The token identifies the account. */
export class Calls {
  readonly #context: Context;
  readonly #accounts: Accounts;
  readonly #tickets: Tickets;

  constructor(context: Context, accounts: Accounts, tickets: Tickets) {
    this.#context = context;
    this.#accounts = accounts;
    this.#tickets = tickets;
  }

  /** A business call: accepted if the token is alive and the day's limit is not reached. */
  call(request: CallRequest): Answer<OkBody> {
    return this.#withToken("call", request, (_account, subject) =>
      this.#context.grant(subject, "accepted", okBody),
    );
  }

  /**
   * `/cgi-bin/ticket/getticket`: the same ticket during its lifetime. It needs a live access token,
   * but does not end with it.
   */
  ticket(request: Omit<CallRequest, "endpoint"> & { readonly type: string }): Answer<TicketBody> {
    return this.#withToken(
      "issue",
      { ...request, endpoint: "/cgi-bin/ticket/getticket" },
      (_account, subject) => {
        const { type } = request;
        if (subject.appId === undefined || (type !== "jsapi" && type !== "wx_card"))
          return this.#context.refuse(subject, 40097, "malformed");
        const space = this.#tickets.space(subject.appId, type);
        return this.#context.handOut(subject, space, ({ text }) => ({
          ...okBody,
          ticket: text,
          expires_in: Math.floor(space.lifetimeMs / 1000),
        }));
      },
    );
  }

  /** `/cgi-bin/openapi/quota/get`: how much of an endpoint's daily quota is used. */
  quota(request: Omit<CallRequest, "endpoint"> & { readonly cgiPath: string }): Answer<QuotaBody> {
    return this.#withToken(
      "call",
      { ...request, endpoint: "/cgi-bin/openapi/quota/get" },
      (account, subject, nowMs) => {
        if (account === undefined || !request.cgiPath.startsWith("/"))
          return this.#context.refuse(subject, 76021, "malformed");
        const { perDay, used, perMinute } = account.quotas.usage(request.cgiPath, nowMs);
        return this.#context.grant(subject, "accepted", {
          ...okBody,
          quota: { daily_limit: perDay, used, remain: Math.max(0, perDay - used) },
          rate_limit: {
            call_count: Number.isFinite(perMinute) ? perMinute : 0,
            refresh_second: 60,
          },
        });
      },
    );
  }

  #withToken<Body>(
    kind: "issue" | "call",
    request: CallRequest,
    work: (account: Account | undefined, subject: LogSubject, nowMs: number) => Answer<Body>,
  ): Answer<Body> {
    const { endpoint, accessToken } = request;
    const nowMs = this.#context.nowMs();
    const tokenKind = this.#context.tokens.find(accessToken)?.kind ?? "plain";
    const isWecom =
      request.host === "wecom" || (request.host === undefined && wecomToken.kinds.has(tokenKind));
    const expected = request.expected ?? (isWecom ? wecomToken : officialToken);
    const checked = checkToken(this.#context.tokens, accessToken, expected, nowMs);
    const subject: LogSubject = {
      kind,
      endpoint,
      appId: checked.token?.appId,
      tokenId: checked.token?.id,
      sender: request,
    };
    if (!checked.alive) {
      const { code, reason } = checked.cause;
      return isWecom
        ? this.#context.refuseWecom(subject, code, reason)
        : this.#context.refuse(subject, code, reason);
    }
    const refusal = this.#context.standingRefusals.take(checked.token.appId, endpoint, nowMs);
    if (refusal !== undefined)
      return isWecom
        ? this.#context.refuseWecom(subject, refusal, "fault")
        : this.#context.refuse(subject, refusal, "fault");
    const account = this.#accounts.find(checked.token.appId);
    const exhausted = account?.quotas.exhausted(endpoint, nowMs);
    if (exhausted !== undefined)
      return this.#context.refuse(subject, exhausted === "day-quota" ? 45009 : 45011, exhausted);
    account?.quotas.count(endpoint, nowMs);
    return work(account, subject, nowMs);
  }
}
