/**
 * The access tokens of official accounts and mini programs: `/cgi-bin/token`,
 * `/cgi-bin/stable_token`, and the clearing of quotas.
 */
import type { Account, AccountDefaults, RefusalCause } from "./account.ts";
import { Accounts, refusalCauseOf } from "./account.ts";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import { shanghaiDay } from "../ledger/day.ts";
import type { Token } from "../ledger/token.ts";

export interface TokenBody {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

export interface OkBody {
  readonly errcode: 0;
  readonly errmsg: "ok";
}

export interface PlainRequest extends Sender {
  readonly appId: string;
  readonly secret: string;
}

export interface StableRequest extends PlainRequest {
  /** @defaultValue false */
  readonly forceRefresh?: boolean;
}

/**
 * With less than this left, an ordinary request gets a new stable token. The old one then lives to
 * its end.
 */
const renewWithinMs = 300_000;
const forcedPerDay = 20;
const forcedGapMs = 30_000;

export const okBody: OkBody = { errcode: 0, errmsg: "ok" };

/**
 * The logic behind the endpoints. Every method processes one request at this instant,
 * synchronously, logs it and answers. The caller decides when the request leaves and when the
 * answer arrives.
 */
export class OfficialAccounts {
  readonly accounts: Accounts;
  readonly #context: Context;

  constructor(context: Context, defaults: AccountDefaults) {
    this.#context = context;
    this.accounts = new Accounts(context, defaults);
  }

  /** Issues a new token each time, and supersedes the previous one. */
  issuePlain(request: PlainRequest): Answer<TokenBody> {
    const endpoint = "/cgi-bin/token";
    return this.#withSecret("issue", endpoint, request, (account, subject, nowMs) => {
      const exhausted = this.#exhausted(account, endpoint, nowMs);
      if (exhausted !== undefined) return this.#object(subject, exhausted);
      account.quotas.count(endpoint, nowMs);
      const token = account.plain.issue(nowMs);
      return this.#give(subject, token, true, nowMs);
    });
  }

  /**
   * Returns the same token until its last five minutes, unless a forced refresh is due. Never
   * touches the plain token.
   */
  issueStable(request: StableRequest): Answer<TokenBody> {
    const endpoint = "/cgi-bin/stable_token";
    return this.#withSecret("issue", endpoint, request, (account, subject, nowMs) => {
      const exhausted = this.#exhausted(account, endpoint, nowMs);
      if (exhausted !== undefined) return this.#object(subject, exhausted);
      account.quotas.count(endpoint, nowMs);
      const current = account.stable.current(nowMs);
      if (current === undefined || current.endsAtMs - nowMs < renewWithinMs) {
        const token = account.stable.issue(nowMs, {
          window: account.stable.supersession.window,
          overlapMs: renewWithinMs,
        });
        return this.#give(subject, token, true, nowMs);
      }
      if (!request.forceRefresh || !takeForced(account, nowMs))
        return this.#give(subject, current, false, nowMs);
      return this.#give(subject, account.stable.issue(nowMs), true, nowMs);
    });
  }

  /**
   * Sets today's counters back to 0, at most ten times a month, with the secret instead of a token.
   */
  clearQuota(request: PlainRequest): Answer<OkBody> {
    return this.#withSecret("act", "/cgi-bin/clear_quota/v2", request, (account, subject, nowMs) =>
      account.quotas.clear(nowMs)
        ? this.#context.grant(subject, "operator", okBody)
        : this.#context.refuse(subject, 48006, "day-quota"),
    );
  }

  #withSecret<Body>(
    kind: "issue" | "act",
    endpoint: string,
    request: PlainRequest,
    work: (account: Account, subject: LogSubject, nowMs: number) => Answer<Body>,
  ): Answer<Body> {
    const nowMs = this.#context.nowMs();
    const subject: LogSubject = {
      kind,
      endpoint,
      appId: request.appId || undefined,
      sender: request,
    };
    if (request.appId === "") return this.#context.refuse(subject, 41002, "malformed");
    if (request.secret === "") return this.#context.refuse(subject, 41004, "malformed");
    const account = this.accounts.find(request.appId);
    if (account === undefined) return this.#context.refuse(subject, 40013, "unknown-app");
    const cause = refusalCauseOf(account, request.secret, request, nowMs);
    return cause === undefined ? work(account, subject, nowMs) : this.#object(subject, cause);
  }

  #object(subject: LogSubject, { code, reason, detail }: RefusalCause): Answer<never> {
    return this.#context.refuse(subject, code, reason, detail);
  }

  #exhausted(account: Account, endpoint: string, nowMs: number): RefusalCause | undefined {
    const reason = account.quotas.exhausted(endpoint, nowMs);
    return reason && { code: reason === "day-quota" ? 45009 : 45011, reason };
  }

  #give(subject: LogSubject, token: Token, isNew: boolean, nowMs: number): Answer<TokenBody> {
    const body: TokenBody = {
      access_token: token.text,
      expires_in: Math.floor((token.expiresAtMs - nowMs) / 1000),
    };
    return this.#context.grant({ ...subject, tokenId: token.id }, isNew ? "new" : "same", body);
  }
}

/**
 * Grants one forced refresh: twenty a day, thirty seconds apart. Otherwise the caller gets the
 * present token again.
 */
function takeForced({ forced }: Account, nowMs: number): boolean {
  const day = shanghaiDay(nowMs);
  if (forced.day !== day) {
    forced.day = day;
    forced.count = 0;
  }
  if (forced.count >= forcedPerDay || nowMs - forced.lastMs < forcedGapMs) return false;
  forced.count += 1;
  forced.lastMs = nowMs;
  return true;
}
