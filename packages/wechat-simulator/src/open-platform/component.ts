/** A third-party platform's component and the accounts that authorised it. */
import type { Context } from "../ledger/context.ts";
import type { MessageKeys } from "../push/push.ts";
import { Quotas } from "../ledger/quota.ts";
import type { Supersession, TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";
import type { Token } from "../ledger/token.ts";

export interface ComponentOptions extends MessageKeys {
  readonly appId: string;
  readonly secret: string;
  /**
   * When an authoriser's refresh token changes: never while authorised, at each new authorisation,
   * or with each access token.
   * @defaultValue "never"
   */
  readonly rotateRefreshToken?: "never" | "on-reauthorise" | "always";
  /**
   * The endpoints that return an account's refresh token. The real list has rows without one, and
   * for some accounts the information has an empty one.
   * @defaultValue ["info", "list"]
   */
  readonly refreshTokenSources?: readonly ("info" | "list")[];
  /**
   * How long a refresh token stays valid after it was replaced, in ms.
   * @defaultValue 300_000
   */
  readonly refreshGraceMs?: number;
}

export interface ComponentDefaults {
  readonly supersession: Supersession;
  readonly lifetimeMs: number;
}

const verifyTicketLifetimeMs = 12 * 3_600_000;
const preAuthCodeLifetimeMs = 1_800_000;
const authorizationCodeLifetimeMs = 3_600_000;

/** One account's consent to one component. */
export interface Authorization {
  readonly authorizerAppId: string;
  readonly accessTokens: TokenSpace;
  readonly refreshTokens: TokenSpace;
  authorizedAtMs: number;
  /**
   * True after the account's password was changed: refresh tokens work again only after a new
   * authorisation.
   */
  passwordChanged: boolean;
}

export class Component {
  readonly options: ComponentOptions;
  readonly quotas: Quotas = new Quotas();
  readonly verifyTickets: TokenSpace;
  readonly tokens: TokenSpace;
  readonly preAuthCodes: TokenSpace;
  readonly #context: Context;
  readonly #defaults: ComponentDefaults;
  readonly #authorizationCodes: TokenSpace;
  readonly #appIdsByCode = new Map<string, string>();
  readonly #authorizations = new Map<string, Authorization>();

  constructor(context: Context, options: ComponentOptions, defaults: ComponentDefaults) {
    const { appId } = options;
    this.options = options;
    this.#context = context;
    this.#defaults = defaults;
    const { spaces } = context;
    const single = (kind: "verify-ticket" | "code", lifetimeMs: number): TokenSpace =>
      spaces.open({ kind, appId, lifetimeMs, supersession: independent });
    this.verifyTickets = single("verify-ticket", verifyTicketLifetimeMs);
    this.preAuthCodes = single("code", preAuthCodeLifetimeMs);
    this.#authorizationCodes = single("code", authorizationCodeLifetimeMs);
    this.tokens = spaces.open({ kind: "component", appId, ...defaults });
  }

  /** In the order of their first authorisation. */
  get authorizations(): readonly Authorization[] {
    return [...this.#authorizations.values()];
  }

  authorization(authorizerAppId: string): Authorization | undefined {
    return this.#authorizations.get(authorizerAppId);
  }

  /**
   * The account authorises the component, for the first time or again. Returns the code that the
   * component exchanges for tokens, once.
   */
  authorize(authorizerAppId: string, nowMs: number): Token {
    const known = this.#authorizations.get(authorizerAppId);
    const authorization = known ?? this.#openAuthorization(authorizerAppId, nowMs);
    authorization.authorizedAtMs = nowMs;
    authorization.passwordChanged = false;
    this.renewRefreshToken(authorization, nowMs, known === undefined ? "first" : "on-reauthorise");
    const code = this.#authorizationCodes.issue(nowMs);
    this.#appIdsByCode.set(code.text, authorizerAppId);
    return code;
  }

  /** Spends a code. Undefined: it was spent before, or belongs to another component. */
  redeem(code: string): Authorization | undefined {
    const authorizerAppId = this.#appIdsByCode.get(code);
    this.#appIdsByCode.delete(code);
    return authorizerAppId === undefined ? undefined : this.#authorizations.get(authorizerAppId);
  }

  /**
   * The account withdraws its authorisation: its tokens end, and its refresh tokens are unknown
   * from now on.
   */
  unauthorize(authorizerAppId: string, nowMs: number): void {
    const authorization = this.#authorizations.get(authorizerAppId);
    authorization?.accessTokens.endAll(nowMs, "revoked");
    authorization?.refreshTokens.endAll(nowMs, "revoked");
    this.#authorizations.delete(authorizerAppId);
  }

  /**
   * Replaces the refresh token if the component's rule says so on this occasion, or if there is
   * none.
   */
  renewRefreshToken(
    { refreshTokens }: Authorization,
    nowMs: number,
    occasion: "first" | "on-reauthorise" | "always",
  ): void {
    const { rotateRefreshToken = "never", refreshGraceMs = 300_000 } = this.options;
    const isDue = rotateRefreshToken === "always" || rotateRefreshToken === occasion;
    if (refreshTokens.current(nowMs) === undefined || isDue)
      refreshTokens.issue(nowMs, { window: Infinity, overlapMs: refreshGraceMs });
  }

  #openAuthorization(authorizerAppId: string, nowMs: number): Authorization {
    const { spaces } = this.#context;
    const authorization: Authorization = {
      authorizerAppId,
      accessTokens: spaces.open({ kind: "authorizer", appId: authorizerAppId, ...this.#defaults }),
      refreshTokens: spaces.open({
        kind: "refresh",
        appId: authorizerAppId,
        lifetimeMs: Infinity,
        supersession: independent,
      }),
      authorizedAtMs: nowMs,
      passwordChanged: false,
    };
    this.#authorizations.set(authorizerAppId, authorization);
    return authorization;
  }
}
