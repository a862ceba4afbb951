/** The corps that installed a suite: each with a token and calls of its own. */
import type { CallOptions, Credential, CredentialOptions } from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { PartsByKey } from "../tokens/parts-by-key.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import type { PermanentCodes } from "./permanent-codes.ts";
import { corpToken } from "./suite-token.ts";
import { wecomToken } from "./wecom-token.ts";

/** A corp that installed the suite. */
export interface SuiteCorp extends Pick<Api, "download" | "fetch" | "request"> {
  readonly corpId: string;
  readonly credential: Credential;
  /** @throws The errors of {@link Credential.get}. */
  token(options?: CallOptions): Promise<string>;
}

export interface SuiteCorps {
  /**
   * The same object at each call, with the permanent code of the first call, or else with the code
   * that is stored for the fleet. Sends nothing.
   */
  of(corpId: string, permanentCode?: SecretOption): SuiteCorp;
  close(): Promise<void>;
}

export interface SuiteCorpsOptions {
  readonly suiteId: string;
  /** The suite's own token. */
  readonly suite: Credential;
  /** The suite client's own options. */
  readonly shared: Omit<CredentialOptions, "issuer" | "parent"> &
    Omit<ApiOptions, "tokenParameter">;
  readonly isDevelopedFor: boolean;
  readonly codes: PermanentCodes;
}

export function suiteCorps(options: SuiteCorpsOptions): SuiteCorps {
  const corps = new PartsByKey<SuiteCorp & { close(): Promise<void> }>("The suite's client");
  const { codes } = options;
  return {
    of: (corpId, permanentCode = () => codes.get(corpId)) =>
      corps.get(corpId, () => corpOf(corpId, permanentCode, options)),
    close: () => corps.close(),
  };
}

function corpOf(
  corpId: string,
  permanentCode: SecretOption,
  options: SuiteCorpsOptions,
): SuiteCorp & { close(): Promise<void> } {
  const credential = credentialOf(corpId, permanentCode, options);
  const api = createApi(credential, options.shared);
  return {
    corpId,
    credential,
    fetch: api.fetch,
    download: api.download,
    request: api.request,
    token: async (call) => (await credential.get(call)).reveal(),
    async close() {
      api.close();
      await credential.close();
    },
  };
}

/** An app that was developed for a corp gets its token at `gettoken`, not from the suite. */
function credentialOf(
  corpId: string,
  permanentCode: SecretOption,
  { suiteId, suite, shared, isDevelopedFor }: SuiteCorpsOptions,
): Credential {
  if (isDevelopedFor) {
    const issuer = wecomToken({ ...shared, corpId, app: suiteId, secret: permanentCode });
    return createCredential({ ...shared, issuer });
  }
  const issuer = corpToken({ ...shared, suiteId, corpId, permanentCode });
  return createCredential({ ...shared, issuer, parent: suite });
}
