/** The accounts that authorised a third-party platform: each with a token and calls of its own. */
import type { CallOptions, Credential, CredentialOptions } from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { accountParameter } from "../calls/token-parameter.ts";
import { checkedId } from "../options/validate.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { PartsByKey } from "../tokens/parts-by-key.ts";
import { authorizerToken } from "./authorizer-token.ts";
import type { AuthorizerTokenOptions } from "./authorizer-token.ts";

/** An account that authorised the platform. */
export interface Tenant extends Pick<Api, "download" | "fetch" | "request"> {
  readonly appId: string;
  /** The account's access token. Its refresh token is stored with it, and is never shown. */
  readonly credential: Credential;
  /**
   * @throws The errors of {@link Credential.get}. After the account has withdrawn its
   *   authorisation, each call throws until the account authorises the platform again.
   */
  token(options?: CallOptions): Promise<string>;
}

export interface Tenants {
  /** The same object at each call. Sends nothing. */
  of(appId: string): Tenant;
  close(): Promise<void>;
}

export type TenantsOptions = Omit<CredentialOptions, "issuer" | "parent"> &
  Omit<ApiOptions, "tokenParameter"> &
  Omit<AuthorizerTokenOptions, "appId">;

/** @param component the credential of the platform's own token. */
export function tenantsOf(component: Credential, options: TenantsOptions): Tenants {
  const tenants = new PartsByKey<Tenant & { close(): Promise<void> }>("The open platform's client");
  return {
    of: (appId) => tenants.get(checkedId(appId), () => tenantOf(appId, component, options)),
    close: () => tenants.close(),
  };
}

function tenantOf(
  appId: string,
  component: Credential,
  options: TenantsOptions,
): Tenant & { close(): Promise<void> } {
  const issuer = authorizerToken({ ...options, appId });
  const credential = createCredential({ ...options, issuer, parent: component });
  const api = createApi(credential, { ...options, tokenParameter: accountParameter });
  return {
    ...api,
    appId,
    credential,
    token: async (call) => (await credential.get(call)).reveal(),
    async close() {
      api.close();
      await credential.close();
    },
  };
}
