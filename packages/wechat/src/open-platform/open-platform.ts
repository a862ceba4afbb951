/**
 * A third-party platform (第三方平台): its pushes, its own token, the accounts that authorised it and
 * their tokens.
 */
import { ClosedError, requireKnown, storeFrom, systemClock } from "@lingpai/core";
import type { CallOptions, Credential, CredentialOptions } from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { authorizerToken } from "./authorizer-token.ts";
import type { AuthorizerTokenOptions } from "./authorizer-token.ts";
import { componentToken } from "./component-token.ts";
import type { ComponentTokenOptions } from "./component-token.ts";
import { authorizations } from "./authorizations.ts";
import type { AuthorizationPage } from "./authorization-page.ts";
import { createCredential } from "../options/create-credential.ts";
import { openPlatformNames } from "../options/option-names.ts";
import type { MessageKeys } from "../push/push-envelope.ts";
import { pushReceiver } from "../push/push-handler.ts";
import type { PushHandler, PushOptions } from "../push/push-handler.ts";
import type { PushedTicket } from "../push/pushed-ticket.ts";
import { createPlatform } from "../transport/platform.ts";
import { clearComponentQuota } from "../account/quota-api.ts";
import { secretSource } from "../tokens/secret-source.ts";
import { accountParameter, componentParameter } from "../calls/token-parameter.ts";
import { checkedId } from "../options/validate.ts";

export interface OpenPlatformOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent">,
    Omit<ApiOptions, "tokenParameter">,
    ComponentTokenOptions,
    Pick<AuthorizerTokenOptions, "refreshGraceMs">,
    MessageKeys,
    PushOptions {}

export interface PreAuthCode {
  /** For the page on which an account authorises. */
  readonly code: string;
  readonly expiresInMs: number;
}

/** An account that authorised the platform. */
export interface Tenant extends Pick<Api, "download" | "fetch" | "request"> {
  readonly appId: string;
  /** The account's access token; its refresh token is stored with it and shown nowhere. */
  readonly credential: Credential;
  /**
   * @throws what {@link Credential.get} throws. When the account has withdrawn, that is so until it
   *   authorises again.
   */
  token(options?: CallOptions): Promise<string>;
}

export interface OpenPlatform extends PushHandler, Pick<Api, "request"> {
  /** The component's own token. */
  readonly credential: Credential;
  /** What WeChat pushed last. */
  readonly ticket: PushedTicket;
  preAuthCode(options?: CallOptions): Promise<PreAuthCode>;
  /**
   * The page on which an account authorises this platform, with a code of its own. WeChat opens it
   * only from the domain that the console names, and sends the browser on to `redirectUrl` with
   * `auth_code` for {@link OpenPlatform.authorize}.
   *
   * @throws {ConfigurationError} `range` or `redirect-url`, and what
   *   {@link OpenPlatform.preAuthCode} throws.
   */
  authorizationPage(
    page: AuthorizationPage,
    options?: CallOptions,
  ): Promise<{ readonly url: string; readonly expiresInMs: number }>;
  /**
   * Redeems the code with which the browser comes back from the page of authorisation, and stores
   * the account's tokens. The push that tells of the authorisation brings the same code and is
   * redeemed by itself; whichever comes second, on whichever node, finds the account ready.
   *
   * When it fails after WeChat has redeemed the code, nothing is lost: {@link OpenPlatform.tenant}
   * of that account finds its refresh token by itself.
   *
   * @throws {WechatApiError} the code is used, expired or not WeChat's. @throws
   *   {CacheUnavailableError} the tokens could not be stored.
   */
  authorize(code: string, options?: CallOptions): Promise<Tenant>;
  /**
   * The account of this AppID: the same object at each call, closed with the platform. Sends
   * nothing.
   */
  tenant(appId: string): Tenant;
  /**
   * Has WeChat set today's counters of the component back to 0, or those of an account that
   * authorised it, with `component/clear_quota/v2`: that works with no token left, ten times a
   * month for each. Never called by Lingpai itself.
   *
   * @throws {WechatApiError} 48006: the month's clears are used up.
   */
  clearQuota(options?: CallOptions & { readonly appId?: string }): Promise<void>;
  /** Settles every waiting caller with `CLOSED`. The cache and the lock stay open. */
  close(): Promise<void>;
}

const ticketLifetimeMs = 12 * 3_600_000;

/**
 * One component AppID. Constructing it sends nothing, reads nothing and asks for no secret.
 *
 * @throws {ConfigurationError} an option cannot be right; the text says which, why, and what would
 *   be.
 */
export function openPlatform(options: OpenPlatformOptions): OpenPlatform {
  requireKnown("openPlatform()", options, openPlatformNames);
  const {
    secret: _secret,
    messageToken: _messageToken,
    encodingAesKey: _encodingAesKey,
    ...shared
  } = options;
  const { componentAppId, clock = systemClock } = options;
  const issuer = componentToken(options);
  const secrets = secretSource(issuer.id, options.secret, options);
  const receiver = pushReceiver(
    { ...options, ...storeFrom(options) },
    {
      ticketType: "component_verify_ticket",
      ticketField: "ComponentVerifyTicket",
      timeField: "CreateTime",
      receiver: componentAppId,
      ticketId: `wechat:verify-ticket:${componentAppId}`,
      ticketLifetimeMs,
      answerMs: 4_000,
      before: (message) => codes.redeemPushed(message),
    },
  );
  const { ticket, handler, inbox } = receiver;
  const component = createCredential({ ...shared, issuer, parent: ticket });
  const api = createApi(component, { ...shared, tokenParameter: componentParameter });
  const tenants = new Map<string, Tenant & { close(): Promise<void> }>();
  let isClosed = false;

  const tenant = (appId: string): Tenant => {
    const known = tenants.get(checkedId(appId));
    if (known !== undefined) return known;
    if (isClosed) throw new ClosedError("The open platform's client");
    const credential = createCredential({
      ...shared,
      issuer: authorizerToken({ ...shared, appId }),
      parent: component,
    });
    const calls = createApi(credential, { ...shared, tokenParameter: accountParameter });
    const close = async (): Promise<void> => {
      calls.close();
      await credential.close();
    };
    const created = {
      ...calls,
      appId,
      credential,
      close,
      token: async (call?: CallOptions) => (await credential.get(call)).reveal(),
    };
    tenants.set(appId, created);
    return created;
  };

  const codes = authorizations({ componentAppId, clock, inbox, api, tenant });
  return {
    ...handler,
    credential: component,
    ticket,
    request: api.request,
    tenant,
    preAuthCode: codes.preAuthCode,
    authorizationPage: codes.authorizationPage,
    authorize: codes.authorize,
    async clearQuota({ appId, ...call } = {}) {
      await clearComponentQuota({
        componentAppId,
        appId,
        platform: createPlatform(options),
        secrets,
        ...call,
      });
      if (appId === undefined)
        await component.reconcileQuota({ used: 0, remaining: Number.MAX_SAFE_INTEGER });
    },
    async close() {
      isClosed = true;
      api.close();
      receiver.close();
      await Promise.all([component.close(), ...[...tenants.values()].map((each) => each.close())]);
    },
  };
}
