/** The users of an account: the codes that they bring, and the tokens that their consent gives. */
import type { Accounts } from "./account.ts";
import { refusalCauseOf } from "./account.ts";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";
import type { Token } from "../ledger/token.ts";
import { isAlive } from "../ledger/token.ts";

export interface SessionBody {
  readonly openid: string;
  readonly session_key: string;
  readonly unionid: string;
}

export interface UserTokenBody {
  readonly access_token: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly openid: string;
  readonly scope: string;
}

export interface CodeRequest extends Sender {
  readonly appId: string;
  readonly secret: string;
  readonly code: string;
}

interface User {
  readonly openId: string;
  readonly accessTokens: TokenSpace;
  readonly refreshTokens: TokenSpace;
}

const codeLifetimeMs = 300_000;
const refreshLifetimeMs = 30 * 86_400_000;
const scope = "snsapi_userinfo";

export class Users {
  readonly #context: Context;
  readonly #accounts: Accounts;
  readonly #lifetimeMs: number;
  readonly #users = new Map<string, User>();
  /** By the text of a code or a token. A used code has no entry. */
  readonly #byText = new Map<string, User>();

  constructor(context: Context, accounts: Accounts, lifetimeMs: number) {
    this.#context = context;
    this.#accounts = accounts;
    this.#lifetimeMs = lifetimeMs;
  }

  /**
   * The code of a user who opens the mini program, or consents on the account's page. It works
   * once, for five minutes.
   */
  code(appId: string, openId: string): string {
    const { spaces } = this.#context;
    const { text } = spaces
      .open({ kind: "code", appId, lifetimeMs: codeLifetimeMs, supersession: independent })
      .issue(this.#context.nowMs());
    this.#byText.set(text, this.#user(appId, openId));
    return text;
  }

  /** `/sns/jscode2session` */
  session(request: CodeRequest): Answer<SessionBody> {
    return this.#withCode("/sns/jscode2session", request, ({ openId }, subject) => {
      const sessionKey = Buffer.from(
        this.#context.random.id().padEnd(16, "0").slice(0, 16),
      ).toString("base64");
      return this.#context.grant(subject, "new", {
        openid: openId,
        session_key: sessionKey,
        unionid: `union-${openId}`,
      });
    });
  }

  /** `/sns/oauth2/access_token` */
  redeemCode(request: CodeRequest): Answer<UserTokenBody> {
    return this.#withCode("/sns/oauth2/access_token", request, (user, subject) =>
      this.#tokens(user, subject),
    );
  }

  /**
   * `/sns/oauth2/refresh_token`: needs no secret. The refresh token works once and is replaced: the
   * strictest reading of its page.
   */
  refresh(
    request: Sender & { readonly appId: string; readonly refreshToken: string },
  ): Answer<UserTokenBody> {
    const subject = this.#subject("/sns/oauth2/refresh_token", request.appId, request);
    const nowMs = this.#context.nowMs();
    const token = this.#context.tokens.find(request.refreshToken);
    const user = this.#byText.get(request.refreshToken);
    if (user === undefined || token?.appId !== request.appId)
      return this.#context.refuse(subject, 40030, "unknown-token");
    if (!isAlive(token, nowMs))
      return this.#context.refuse(
        subject,
        token.endCause === "expired" ? 42002 : 40030,
        token.endCause,
      );
    return this.#tokens(user, subject);
  }

  /** `/sns/userinfo`, `/sns/auth`: a user's token is valid only for that user. */
  about(
    request: Sender & {
      readonly endpoint: string;
      readonly accessToken: string;
      readonly openId: string;
    },
  ): Answer<{ openid: string }> {
    const token = this.#context.tokens.find(request.accessToken);
    const user = this.#byText.get(request.accessToken);
    const subject: LogSubject = {
      kind: "call",
      endpoint: request.endpoint,
      appId: token?.appId,
      tokenId: token?.id,
      sender: request,
    };
    if (token === undefined || user === undefined)
      return this.#context.refuse(subject, 40001, "unknown-token");
    if (!isAlive(token, this.#context.nowMs()))
      return this.#context.refuse(
        subject,
        token.endCause === "expired" ? 42001 : 40001,
        token.endCause,
      );
    if (user.openId !== request.openId) return this.#context.refuse(subject, 40003, "malformed");
    return this.#context.grant(subject, "accepted", { openid: user.openId });
  }

  #withCode<Body>(
    endpoint: string,
    request: CodeRequest,
    work: (user: User, subject: LogSubject) => Answer<Body>,
  ): Answer<Body> {
    const subject = this.#subject(endpoint, request.appId, request);
    const account = this.#accounts.find(request.appId);
    if (account === undefined) return this.#context.refuse(subject, 40013, "unknown-app");
    const cause = refusalCauseOf(account, request.secret, request, this.#context.nowMs());
    if (cause !== undefined)
      return this.#context.refuse(subject, cause.code, cause.reason, cause.detail);
    const token = this.#context.tokens.find(request.code);
    if (
      token?.kind !== "code" ||
      token.appId !== request.appId ||
      !isAlive(token, this.#context.nowMs())
    )
      return this.#context.refuse(subject, 40029, "unknown-token");
    const user = this.#byText.get(request.code);
    if (user === undefined) return this.#context.refuse(subject, 40163, "unknown-token");
    this.#byText.delete(request.code);
    return work(user, subject);
  }

  #tokens(user: User, subject: LogSubject): Answer<UserTokenBody> {
    const nowMs = this.#context.nowMs();
    const access = this.#issue(user, user.accessTokens, nowMs);
    const refresh = this.#issue(user, user.refreshTokens, nowMs);
    return this.#context.grant({ ...subject, tokenId: access.id }, "new", {
      access_token: access.text,
      expires_in: Math.floor(this.#lifetimeMs / 1000),
      refresh_token: refresh.text,
      openid: user.openId,
      scope,
    });
  }

  #issue(user: User, space: TokenSpace, nowMs: number): Token {
    const token = space.issue(nowMs);
    this.#byText.set(token.text, user);
    return token;
  }

  #user(appId: string, openId: string): User {
    const key = `${appId} ${openId}`;
    const known = this.#users.get(key);
    if (known !== undefined) return known;
    const { spaces } = this.#context;
    const user: User = {
      openId,
      accessTokens: spaces.open({
        kind: "user",
        appId,
        lifetimeMs: this.#lifetimeMs,
        supersession: independent,
      }),
      refreshTokens: spaces.open({
        kind: "refresh",
        appId,
        lifetimeMs: refreshLifetimeMs,
        supersession: { window: 1, overlapMs: 0 },
      }),
    };
    this.#users.set(key, user);
    return user;
  }

  #subject(endpoint: string, appId: string, sender: Sender): LogSubject {
    return { kind: "issue", endpoint, appId: appId || undefined, sender };
  }
}
