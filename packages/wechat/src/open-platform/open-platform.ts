/**
 * The client for a third-party platform (第三方平台): it receives the pushes, keeps the platform's own
 * token, and serves the accounts that authorised the platform.
 */
import { storeFrom, systemClock } from "@lingpai/core";
import type { CallOptions, Credential, CredentialOptions } from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { componentParameter } from "../calls/token-parameter.ts";
import { openPlatformNames, requireClientOptions } from "../options/option-names.ts";
import type { MessageKeys } from "../push/push-envelope.ts";
import { pushReceiver } from "../push/push-handler.ts";
import type { PushHandler, PushOptions, PushReceiver } from "../push/push-handler.ts";
import type { PushedTicket } from "../push/pushed-ticket.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { secretSource } from "../tokens/secret-source.ts";
import { createPlatform } from "../transport/platform.ts";
import { authorizations } from "./authorizations.ts";
import type { Authorizations } from "./authorizations.ts";
import type { AuthorizerTokenOptions } from "./authorizer-token.ts";
import { clearComponentQuota } from "./component-quota.ts";
import { componentToken } from "./component-token.ts";
import type { ComponentTokenOptions } from "./component-token.ts";
import { tenantsOf } from "./tenant.ts";
import type { Tenant } from "./tenant.ts";

export interface OpenPlatformOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent">,
    Omit<ApiOptions, "tokenParameter">,
    ComponentTokenOptions,
    Pick<AuthorizerTokenOptions, "refreshGraceMs">,
    MessageKeys,
    PushOptions {}

export interface OpenPlatform
  extends PushHandler, Pick<Api, "request">, Omit<Authorizations, "redeemPushed"> {
  /** The component's own token. */
  readonly credential: Credential;
  /** The ticket that WeChat pushed last. */
  readonly ticket: PushedTicket;
  /**
   * The account of this AppID: the same object at each call, closed with the platform. Sends
   * nothing.
   */
  tenant(appId: string): Tenant;
  /**
   * Sets today's counters of the component back to 0, or those of an account that authorised it,
   * with `component/clear_quota/v2`. WeChat accepts it without a token, ten times a month for each.
   * Lingpai never calls it by itself.
   *
   * @throws {WechatApiError} 48006: the month's ten clears are used up.
   */
  clearQuota(options?: CallOptions & { readonly appId?: string }): Promise<void>;
  /** Settles every waiting caller with `CLOSED`. The cache and the lock stay open. */
  close(): Promise<void>;
}

const ticketLifetimeMs = 12 * 3_600_000;

/**
 * The client for one component AppID. Its construction sends nothing, reads nothing and asks for no
 * secret.
 *
 * @throws {ConfigurationError} An option is invalid. The text says which, why, and what is valid.
 */
export function openPlatform(options: OpenPlatformOptions): OpenPlatform {
  requireClientOptions("openPlatform()", options, openPlatformNames);
  const {
    secret: _secret,
    messageToken: _messageToken,
    encodingAesKey: _encodingAesKey,
    ...shared
  } = options;
  const { componentAppId, clock = systemClock } = options;
  const issuer = componentToken(options);
  const secrets = secretSource(issuer.id, options.secret, options);
  const receiver = receiverOf(options, (message) => codes.redeemPushed(message));
  const { ticket, handler, inbox } = receiver;
  const component = createCredential({ ...shared, issuer, parent: ticket });
  const api = createApi(component, { ...shared, tokenParameter: componentParameter });
  const tenants = tenantsOf(component, shared);
  const codes = authorizations({ componentAppId, clock, inbox, api, tenant: tenants.of });
  const { preAuthCode, authorizationPage, authorize } = codes;

  return {
    ...handler,
    credential: component,
    ticket,
    request: api.request,
    tenant: tenants.of,
    preAuthCode,
    authorizationPage,
    authorize,
    async clearQuota({ appId, ...call } = {}) {
      const platform = createPlatform(options);
      await clearComponentQuota({ componentAppId, appId, platform, secrets, ...call });
      if (appId === undefined)
        await component.reconcileQuota({ used: 0, remaining: Number.MAX_SAFE_INTEGER });
    },
    async close() {
      api.close();
      receiver.close();
      await Promise.all([component.close(), tenants.close()]);
    },
  };
}

function receiverOf(
  options: OpenPlatformOptions,
  before: Authorizations["redeemPushed"],
): PushReceiver {
  const { componentAppId } = options;
  return pushReceiver(
    { ...options, ...storeFrom(options) },
    {
      ticketType: "component_verify_ticket",
      ticketField: "ComponentVerifyTicket",
      timeField: "CreateTime",
      receiver: componentAppId,
      ticketId: `wechat:verify-ticket:${componentAppId}`,
      ticketLifetimeMs,
      answerMs: 4_000,
      before,
    },
  );
}
