/**
 * The acts of people and of other environments that affect an account from outside the fleet. Each
 * act is logged.
 */
import { ConfigurationError } from "@lingpai/core";
import type { Account } from "../accounts/account.ts";
import type { Context } from "../ledger/context.ts";
import type { OfficialAccounts } from "../accounts/official-accounts.ts";
import type { Limits } from "../ledger/quota.ts";
import type { RefusalOptions } from "../ledger/standing-refusals.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import type { EndCause, Token, TokenKind, TokenView } from "../ledger/token.ts";
import { isAlive, viewOf } from "../ledger/token.ts";

export interface ForeignOptions {
  /**
   * Which of the account's tokens.
   * @defaultValue "plain"
   */
  readonly kind?: TokenKind;
  /**
   * The label of the other environment in the log.
   * @defaultValue "foreign"
   */
  readonly caller?: string;
}

/** The endpoint of each kind, for the log. */
const endpoints: Partial<Record<TokenKind, string>> = {
  plain: "/cgi-bin/token",
  stable: "/cgi-bin/stable_token",
  component: "/cgi-bin/component/api_component_token",
  authorizer: "/cgi-bin/component/api_authorizer_token",
};

const accessTokenKinds: readonly TokenKind[] = [
  "plain",
  "stable",
  "authorizer",
  "component",
  "corp",
  "suite-corp",
  "suite",
  "provider",
];

export class Operator {
  readonly #context: Context;
  readonly #official: OfficialAccounts;

  constructor(context: Context, official: OfficialAccounts) {
    this.#context = context;
    this.#official = official;
  }

  /**
   * Another environment fetches once, by force if the token is stable, and supersedes the newest
   * token. The fetch counts towards the quota, but no quota, secret or IP list stops it. Returns
   * the text of the new token.
   */
  foreignIssue(appId: string, { kind = "plain", caller = "foreign" }: ForeignOptions = {}): string {
    const space = this.#spaces(appId, kind).at(-1);
    if (space === undefined)
      throw new ConfigurationError(`${appId} has no ${kind} token that another could fetch.`);
    return this.#issueIn(space, caller).text;
  }

  /**
   * Other environments fetch until every token that was alive is dead: once without an overlap,
   * twice with one. Returns the number of fetches.
   */
  kill(appId: string, { kind = "plain", caller = "foreign" }: ForeignOptions = {}): number {
    let fetches = 0;
    for (const space of this.#spaces(appId, kind)) {
      const victims = space.live(this.#context.nowMs());
      while (victims.some((token) => isAlive(token, this.#context.nowMs()))) {
        this.#issueIn(space, caller);
        fetches += 1;
      }
    }
    return fetches;
  }

  /** Ends the access tokens now, as at the end of their natural lifetime: 42001. */
  expireNow(appId: string, kinds: readonly TokenKind[] = accessTokenKinds): void {
    this.#endAll(appId, "expire-now", "expired", kinds);
  }

  /** Ends the access tokens now, without a replacement: 40001, at WeCom 40014. */
  revoke(appId: string, kinds: readonly TokenKind[] = accessTokenKinds): void {
    this.#endAll(appId, "revoke", "revoked", kinds);
  }

  /**
   * Refuses calls although the token is alive: at one endpoint or at all, a number of times or for
   * a time. The refusal ends by itself.
   */
  refuse(appId: string, options: RefusalOptions = {}): void {
    this.#spaces(appId, "plain");
    this.#context.standingRefusals.add(appId, options, this.#context.nowMs());
    this.#record(appId, "refuse");
  }

  /** Ends what {@link Operator.refuse} began. */
  allow(appId: string): void {
    this.#context.standingRefusals.clear(appId);
    this.#record(appId, "allow");
  }

  /** Ends the JS-SDK tickets now. */
  expireTickets(appId: string): void {
    this.#endAll(appId, "expire-tickets", "expired", ["ticket"]);
  }

  /** Replaces the secret. The old secret stays valid for `graceMs`. Tokens live on. */
  rotateSecret(
    appId: string,
    secret: string,
    { graceMs = 0 }: { readonly graceMs?: number } = {},
  ): void {
    const account = this.#act(appId, "rotate-secret");
    account.previousSecret = { text: account.secret, untilMs: this.#context.nowMs() + graceMs };
    account.secret = secret;
  }

  /** Freezes the secret: token requests are refused with 40243. Live tokens stay alive. */
  freeze(appId: string): void {
    this.#act(appId, "freeze").frozen = true;
  }

  unfreeze(appId: string): void {
    this.#act(appId, "unfreeze").frozen = false;
  }

  /** Allows only these addresses to fetch tokens. Undefined allows all. */
  setAllowList(appId: string, ips: readonly string[] | undefined): void {
    this.#act(appId, "set-allow-list").allowIps = ips && new Set(ips);
  }

  /** Replaces the limits of one endpoint. What was used today stays used. */
  setQuota(appId: string, endpoint: string, limits: Limits): void {
    this.#act(appId, "set-quota").quotas.setLimits(endpoint, limits);
  }

  /** The tokens that the platform would accept now, oldest first. */
  liveTokens(appId: string, kind: TokenKind = "plain"): readonly TokenView[] {
    const nowMs = this.#context.nowMs();
    return this.#live(appId, kind).map((token) => viewOf(token, nowMs));
  }

  liveTokenIds(appId: string, kind: TokenKind = "plain"): readonly string[] {
    return this.#live(appId, kind).map((token) => token.id);
  }

  /** The token that was issued last, dead or alive. */
  latest(appId: string, kind: TokenKind = "plain"): TokenView | undefined {
    const newest = this.#spaces(appId, kind).flatMap((space) => space.newest ?? []);
    return this.#view(newest.toSorted((a, b) => a.issuedAtMs - b.issuedAtMs).at(-1));
  }

  /** Looks up a token without a call: nothing is logged, and no quota is spent. */
  inspect(text: string): TokenView | undefined {
    return this.#view(this.#context.tokens.find(text));
  }

  #issueIn(space: TokenSpace, caller: string): Token {
    const { appId, kind } = space;
    const endpoint = endpoints[kind];
    if (endpoint === undefined)
      throw new ConfigurationError(
        `A ${kind} of ${appId} is superseded by nothing. Use expireNow, expireTickets or revoke.`,
      );
    const nowMs = this.#context.nowMs();
    this.#official.accounts.find(appId)?.quotas.count(endpoint, nowMs);
    const token = space.issue(nowMs);
    this.#context.grant(
      { kind: "issue", endpoint, appId, tokenId: token.id, sender: { caller } },
      "new",
      undefined,
    );
    return token;
  }

  #view(token: Token | undefined): TokenView | undefined {
    return token && viewOf(token, this.#context.nowMs());
  }

  #live(appId: string, kind: TokenKind = "plain"): readonly Token[] {
    const nowMs = this.#context.nowMs();
    return this.#spaces(appId, kind).flatMap((space) => space.live(nowMs));
  }

  /** @throws {ConfigurationError} The platform does not know this owner: a mistake in the test. */
  #spaces(appId: string, kind: TokenKind): readonly TokenSpace[] {
    if (this.#context.spaces.of(appId).length === 0)
      throw new ConfigurationError(`The simulator knows nobody by the name ${appId}.`);
    return this.#context.spaces.of(appId, kind);
  }

  #endAll(appId: string, endpoint: string, cause: EndCause, kinds: readonly TokenKind[]): void {
    for (const space of kinds.flatMap((kind) => this.#spaces(appId, kind)))
      space.endAll(this.#context.nowMs(), cause);
    this.#record(appId, endpoint);
  }

  #act(appId: string, endpoint: string): Account {
    const account = this.#official.accounts.get(appId);
    this.#record(appId, endpoint);
    return account;
  }

  #record(appId: string, endpoint: string): void {
    this.#context.grant(
      { kind: "act", endpoint, appId, sender: { caller: "operator" } },
      "operator",
      undefined,
    );
  }
}
