/**
 * The open platform for third-party platforms: component tokens for a pushed ticket,
 * authorisations, authorizer tokens.
 */
import { ConfigurationError } from "@lingpai/core";
import { checkToken, componentToken } from "../accounts/check-token.ts";
import type { ComponentDefaults, ComponentOptions } from "./component.ts";
import { Component } from "./component.ts";
import type {
  AuthorizerInfoBody,
  AuthorizerListBody,
  AuthorizerTokenBody,
  ComponentRequest,
  ComponentTokenBody,
  PreAuthCodeBody,
  QueryAuthBody,
} from "./open-platform-bodies.ts";
import { authorizationOf, infoOf, listOf, secondsLeft, tokensOf } from "./open-platform-bodies.ts";
import type { Answer, Context, Granted, LogSubject, Sender } from "../ledger/context.ts";
import type { Push, Sealing } from "../push/push.ts";
import { infoTypeIn, seal, sealText } from "../push/push.ts";
import type { Token } from "../ledger/token.ts";
import { isAlive } from "../ledger/token.ts";

export class OpenPlatform {
  readonly #context: Context;
  readonly #components: ReadonlyMap<string, Component>;

  constructor(
    context: Context,
    components: readonly ComponentOptions[],
    defaults: ComponentDefaults,
  ) {
    this.#context = context;
    this.#components = new Map(
      components.map((options) => [options.appId, new Component(context, options, defaults)]),
    );
  }

  /**
   * `api_component_token`: issues a new token each time and supersedes the previous one. Needs a
   * ticket that was pushed in the last 12 hours.
   */
  issue(
    request: Sender & { readonly appId: string; readonly secret: string; readonly ticket: string },
  ): Answer<ComponentTokenBody> {
    const subject = this.#subject("api_component_token", request.appId, request);
    const component = this.#components.get(request.appId);
    if (request.appId === "") return this.#context.refuse(subject, 41018, "malformed");
    if (component === undefined) return this.#context.refuse(subject, 61011, "unknown-app");
    if (request.secret !== component.options.secret)
      return this.#context.refuse(subject, 40125, "wrong-secret");
    const nowMs = this.#context.nowMs();
    const ticket = this.#context.tokens.find(request.ticket);
    const isOurs = ticket?.kind === "verify-ticket" && ticket.appId === request.appId;
    if (!isOurs) return this.#context.refuse(subject, 61006, "unknown-token");
    if (!isAlive(ticket, nowMs)) return this.#context.refuse(subject, 61005, "expired");
    const token = component.tokens.issue(nowMs);
    return this.#issued(subject, token, {
      component_access_token: token.text,
      expires_in: secondsLeft(token, nowMs),
    });
  }

  /** `api_create_preauthcode`: a code that begins an authorisation, valid for 1800 s. */
  preAuthCode(request: ComponentRequest): Answer<PreAuthCodeBody> {
    return this.#withComponent(
      "api_create_preauthcode",
      request,
      undefined,
      (component, subject, nowMs) => {
        const code = component.preAuthCodes.issue(nowMs);
        return this.#issued(subject, code, {
          pre_auth_code: code.text,
          expires_in: secondsLeft(code, nowMs),
        });
      },
    );
  }

  /**
   * `api_query_auth`: exchanges an authorisation code, once, for the first tokens of that account.
   */
  queryAuth(request: ComponentRequest & { readonly code: string }): Answer<QueryAuthBody> {
    return this.#withComponent(
      "api_query_auth",
      request,
      undefined,
      (component, subject, nowMs) => {
        const code = this.#context.tokens.find(request.code);
        if (code !== undefined && !isAlive(code, nowMs))
          return this.#context.refuse(subject, 61010, "expired");
        const authorization = component.redeem(request.code);
        if (authorization === undefined)
          return this.#context.refuse(subject, 61009, "unknown-token");
        const { authorizerAppId } = authorization;
        const token = authorization.accessTokens.issue(nowMs);
        return this.#issued(
          { ...subject, appId: authorizerAppId },
          token,
          authorizationOf(authorization, token, nowMs),
        );
      },
    );
  }

  /** `api_authorizer_token`: a new access token, and the refresh token to use from now on. */
  authorizerToken(
    request: ComponentRequest & { readonly authorizerAppId: string; readonly refreshToken: string },
  ): Answer<AuthorizerTokenBody> {
    return this.#withComponent(
      "api_authorizer_token",
      request,
      request.authorizerAppId,
      (component, subject, nowMs) => {
        const authorization = component.authorization(request.authorizerAppId);
        if (authorization === undefined)
          return this.#context.refuse(subject, 61003, "unauthorised");
        if (authorization.passwordChanged) return this.#context.refuse(subject, 42007, "revoked");
        const isGood = authorization.refreshTokens
          .live(nowMs)
          .some(({ text }) => text === request.refreshToken);
        if (!isGood)
          return this.#context.refuse(
            subject,
            61023,
            this.#context.tokens.find(request.refreshToken)?.endCause ?? "unknown-token",
          );
        component.renewRefreshToken(authorization, nowMs, "always");
        const token = authorization.accessTokens.issue(nowMs);
        return this.#issued(subject, token, tokensOf(authorization, token, nowMs));
      },
    );
  }

  /**
   * `api_get_authorizer_info`: one account that has authorised, with the refresh token that works
   * now. Its nickname has a newline in it.
   */
  authorizerInfo(
    request: ComponentRequest & { readonly authorizerAppId: string },
  ): Answer<AuthorizerInfoBody> {
    return this.#withComponent(
      "api_get_authorizer_info",
      request,
      request.authorizerAppId,
      (component, subject) => {
        const authorization = component.authorization(request.authorizerAppId);
        if (authorization === undefined)
          return this.#context.refuse(subject, 61003, "unauthorised");
        return this.#context.grant(subject, "accepted", infoOf(component, authorization));
      },
    );
  }

  /**
   * `api_get_authorizer_list`: the accounts that have authorised, with their valid refresh tokens.
   * At most 500 at a time.
   */
  authorizerList(
    request: ComponentRequest & { readonly offset: number; readonly count: number },
  ): Answer<AuthorizerListBody> {
    return this.#withComponent(
      "api_get_authorizer_list",
      request,
      undefined,
      (component, subject) => {
        return this.#context.grant(subject, "accepted", listOf(component, request));
      },
    );
  }

  /**
   * Makes the next verify ticket, as the platform does every 10 minutes. It is valid for 12 hours,
   * whatever is pushed later. With `isSame` the text is the previous one, whose lifetime begins
   * again.
   */
  pushTicket(componentAppId: string, { isSame = false }: { readonly isSame?: boolean } = {}): Push {
    const component = this.#component(componentAppId);
    const nowMs = this.#context.nowMs();
    const { text } = isSame
      ? component.verifyTickets.renewed(nowMs)
      : component.verifyTickets.issue(nowMs);
    return this.#push(component, "component_verify_ticket", { ComponentVerifyTicket: text });
  }

  /**
   * An account authorises the component, for the first time or again. Returns the code that its
   * browser would bring, and the push that reports it.
   */
  authorize(
    componentAppId: string,
    authorizerAppId: string,
  ): { readonly code: string; readonly push: Push } {
    const component = this.#component(componentAppId);
    const infoType =
      component.authorization(authorizerAppId) === undefined ? "authorized" : "updateauthorized";
    const code = component.authorize(authorizerAppId, this.#context.nowMs());
    const push = this.#push(component, infoType, {
      AuthorizerAppid: authorizerAppId,
      AuthorizationCode: code.text,
      AuthorizationCodeExpiredTime: String(Math.floor(code.expiresAtMs / 1000)),
    });
    return { code: code.text, push };
  }

  /**
   * The account withdraws its authorisation: its tokens end, and refreshing is refused with 61003.
   */
  unauthorize(componentAppId: string, authorizerAppId: string): Push {
    const component = this.#component(componentAppId);
    component.unauthorize(authorizerAppId, this.#context.nowMs());
    return this.#push(component, "unauthorized", { AuthorizerAppid: authorizerAppId });
  }

  /** Pushes any document, however odd or nested. */
  push(componentAppId: string, text: string, sealing: Partial<Sealing> = {}): Push {
    const { options } = this.#component(componentAppId);
    return sealText(this.#context, options, text, {
      appId: options.appId,
      infoType: infoTypeIn(text),
      tag: "AppId",
      ...sealing,
    });
  }

  /**
   * The account's password is changed: its tokens end, and refreshing is refused with 42007 until
   * it authorises again.
   */
  changePassword(componentAppId: string, authorizerAppId: string): void {
    const authorization = this.#component(componentAppId).authorization(authorizerAppId);
    if (authorization === undefined)
      throw new ConfigurationError(`${authorizerAppId} has not authorised ${componentAppId}.`);
    authorization.passwordChanged = true;
    authorization.accessTokens.endAll(this.#context.nowMs(), "revoked");
    this.#context.grant(
      {
        kind: "act",
        endpoint: "change-password",
        appId: authorizerAppId,
        sender: { caller: "operator" },
      },
      "operator",
      undefined,
    );
  }

  #withComponent<Body>(
    name: string,
    request: ComponentRequest,
    appId: string | undefined,
    work: (component: Component, subject: LogSubject, nowMs: number) => Answer<Body>,
  ): Answer<Body> {
    const nowMs = this.#context.nowMs();
    const checked = checkToken(
      this.#context.tokens,
      request.componentAccessToken,
      componentToken,
      nowMs,
    );
    const subject = this.#subject(name, appId ?? checked.token?.appId ?? "", request);
    if (!checked.alive)
      return this.#context.refuse(subject, checked.cause.code, checked.cause.reason);
    if (request.componentAppId !== checked.token.appId)
      return this.#context.refuse(subject, 61011, "unknown-app");
    return work(this.#component(checked.token.appId), subject, nowMs);
  }

  #issued<Body>(subject: LogSubject, token: Token, body: Body): Granted<Body> {
    return this.#context.grant({ ...subject, tokenId: token.id }, "new", body);
  }

  #push({ options }: Component, infoType: string, details: Readonly<Record<string, string>>): Push {
    const fields = {
      AppId: options.appId,
      CreateTime: String(Math.floor(this.#context.nowMs() / 1000)),
      InfoType: infoType,
      ...details,
    };
    return seal(this.#context, options, options.appId, fields, "AppId");
  }

  find(appId: string): Component | undefined {
    return this.#components.get(appId);
  }

  #component(appId: string): Component {
    const component = this.#components.get(appId);
    if (component === undefined)
      throw new ConfigurationError(
        `The simulator has no component ${appId}. Add it with the \`components\` option.`,
      );
    return component;
  }

  #subject(name: string, appId: string, sender: Sender): LogSubject {
    const kind = name.startsWith("api_get_authorizer_") ? "call" : "issue";
    return { kind, endpoint: `/cgi-bin/component/${name}`, appId: appId || undefined, sender };
  }
}
