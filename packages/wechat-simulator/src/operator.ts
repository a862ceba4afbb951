/** What people and other environments do to an account behind the fleet's back. Each act is logged. */
import type { Account } from "./account.ts";
import type { Context } from "./context.ts";
import type { OfficialAccounts } from "./official.ts";
import type { Limits } from "./quota.ts";
import type { EndCause, Token, TokenSpace, TokenView } from "./token.ts";
import { viewOf } from "./token.ts";

/** The two isolated token spaces of an account. */
export type SpaceName = "plain" | "stable";

export interface ForeignOptions {
  /** @defaultValue "plain" */
  readonly space?: SpaceName;
  /** How the other environment appears in the log. @defaultValue "foreign" */
  readonly caller?: string;
}

export class Operator {
  readonly #context: Context;
  readonly #official: OfficialAccounts;

  constructor(context: Context, official: OfficialAccounts) {
    this.#context = context;
    this.#official = official;
  }

  /**
   * Another environment fetches once, by force in the stable space: what was newest is superseded. Counts towards the quota, but is
   * neither stopped by it nor by secrets or IP lists. Returns the new token's text, for a caller that goes on to use it.
   */
  foreignIssue(appId: string, { space = "plain", caller = "foreign" }: ForeignOptions = {}): string {
    const account = this.#official.accounts.get(appId);
    const nowMs = this.#context.nowMs();
    const endpoint = space === "plain" ? "/cgi-bin/token" : "/cgi-bin/stable_token";
    account.quotas.count(endpoint, nowMs);
    const token = account[space].issue(nowMs, account.supersession);
    this.#context.grant({ kind: "issue", endpoint, appId, tokenId: token.id, sender: { caller } }, "new", undefined);
    return token.text;
  }

  /** Other environments fetch until every token that was alive is dead: once without an overlap, twice with one. Returns how often. */
  kill(appId: string, options: ForeignOptions = {}): number {
    const space = this.#space(appId, options.space);
    const victims = space.live(this.#context.nowMs());
    const isAnyAlive = (): boolean => {
      const live = new Set(space.live(this.#context.nowMs()));
      return victims.some((token) => live.has(token));
    };
    let fetches = 0;
    while (isAnyAlive()) {
      this.foreignIssue(appId, options);
      fetches += 1;
    }
    return fetches;
  }

  /** Ends every access token of the account now, as at the end of its natural life: 42001. */
  expireNow(appId: string): void {
    this.#endAll(appId, "expired");
  }

  /** Ends every access token of the account now, without a new one taking its place: 40001. */
  revoke(appId: string): void {
    this.#endAll(appId, "revoked");
  }

  /** Replaces the secret. The old one works `graceMs` longer; tokens live on. */
  rotateSecret(appId: string, secret: string, { graceMs = 0 }: { readonly graceMs?: number } = {}): void {
    const account = this.#act(appId, "rotate-secret");
    account.previousSecret = { text: account.secret, untilMs: this.#context.nowMs() + graceMs };
    account.secret = secret;
  }

  /** Freezes the secret: token requests are refused with 40243, live tokens go on. */
  freeze(appId: string): void {
    this.#act(appId, "freeze").frozen = true;
  }

  unfreeze(appId: string): void {
    this.#act(appId, "unfreeze").frozen = false;
  }

  /** Only these addresses may fetch tokens; undefined allows all. */
  setAllowList(appId: string, ips: readonly string[] | undefined): void {
    this.#act(appId, "set-allow-list").allowIps = ips && new Set(ips);
  }

  /** Replaces the limits of one endpoint; what was used today stays used. */
  setQuota(appId: string, endpoint: string, limits: Limits): void {
    this.#act(appId, "set-quota").quotas.setLimits(endpoint, limits);
  }

  /** Ends the account's jsapi and card tickets now. */
  expireTickets(appId: string): void {
    const account = this.#act(appId, "expire-tickets");
    for (const space of account.tickets.values()) space.endAll(this.#context.nowMs(), "expired");
  }

  /** The tokens that the platform would accept now, oldest first. */
  liveTokens(appId: string, space: SpaceName = "plain"): readonly TokenView[] {
    const nowMs = this.#context.nowMs();
    return this.#space(appId, space)
      .live(nowMs)
      .map((token) => viewOf(token, nowMs));
  }

  liveTokenIds(appId: string, space: SpaceName = "plain"): readonly string[] {
    return this.liveTokens(appId, space).map((token) => token.id);
  }

  /** The token issued last, dead or alive. */
  latest(appId: string, space: SpaceName = "plain"): TokenView | undefined {
    return this.#view(this.#space(appId, space).newest);
  }

  /** Looks a token up without a call: nothing is logged, no quota is spent. */
  inspect(text: string): TokenView | undefined {
    return this.#view(this.#context.tokens.find(text));
  }

  #view(token: Token | undefined): TokenView | undefined {
    return token && viewOf(token, this.#context.nowMs());
  }

  #space(appId: string, space: SpaceName = "plain"): TokenSpace {
    return this.#official.accounts.get(appId)[space];
  }

  #endAll(appId: string, cause: EndCause): void {
    const account = this.#act(appId, cause === "expired" ? "expire-now" : "revoke");
    for (const space of [account.plain, account.stable]) space.endAll(this.#context.nowMs(), cause);
  }

  #act(appId: string, endpoint: string): Account {
    const account = this.#official.accounts.get(appId);
    this.#context.grant({ kind: "act", endpoint, appId, sender: { caller: "operator" } }, "operator", undefined);
    return account;
  }
}
