/** The client that most users want: one AppID, its token, and calls that survive a dead token. */
import { ConfigurationError, requireShape, systemClock, systemRandom } from "@lingpai/core";
import type {
  CallOptions,
  Credential,
  CredentialOptions,
  CredentialSource,
  CredentialStatus,
  Issuer,
} from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { signPage } from "../tickets/js-sdk.ts";
import type { JsSdkConfig } from "../tickets/js-sdk.ts";
import { userSession } from "./login.ts";
import type { UserSession } from "./login.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { remoteWechatNames, requireClientOptions, wechatNames } from "../options/option-names.ts";
import { createPlatform } from "../transport/platform.ts";
import { plainToken } from "../tokens/plain-token.ts";
import type { PlainTokenOptions } from "../tokens/plain-token.ts";
import { quotaApi } from "./quota-api.ts";
import type { QuotaApi } from "./quota-api.ts";
import { revoke } from "./revoke.ts";
import { secretSource } from "../tokens/secret-source.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import { forcedGapMs, stableToken } from "../tokens/stable-token.ts";
import { ticketCredentials } from "../tickets/ticket-credentials.ts";
import { ticket } from "../tickets/ticket.ts";
import type { TicketType } from "../tickets/ticket.ts";

export interface WechatOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent" | "onContention">,
    ApiOptions,
    Omit<PlainTokenOptions, "secret" | "fallback"> {
  /**
   * The AppSecret, or a function that returns it and is called at each fetch. Only a `consumer`
   * needs none.
   */
  readonly secret?: SecretOption;
  /**
   * Which of the account's two tokens to use. The two are independent.
   *
   * Many fleets can fetch `stable` without harm. Use `plain` only if something that you cannot
   * change reads the plain token: every fetch of it retires the previous one, so no other system
   * may fetch it. `overlapMs` applies only to `plain`.
   * @defaultValue "stable"
   */
  readonly mode?: "stable" | "plain";
  /**
   * With `plain`: the reaction when a system outside the fleet keeps fetching plain tokens, which
   * kills this fleet's. `report` reports it. `stable` switches the whole fleet to the stable token,
   * which the other system cannot affect; `credential.useFallback(false)` switches back. Give all
   * nodes the same value.
   * @defaultValue "report"
   */
  readonly onContention?: "report" | "stable";
}

/** The options of a client that holds no AppSecret and never fetches. */
export interface RemoteWechatOptions extends ApiOptions {
  readonly appId: string;
  /** The token that the source serves. @defaultValue "stable" */
  readonly mode?: "stable" | "plain";
  /** Whose credentials the client uses: `remote({ urls, key })` of `@lingpai/client`. */
  readonly source: CredentialSource;
}

export interface Wechat extends Pick<Api, "download" | "fetch" | "request">, QuotaApi {
  /**
   * A token that is safe to send now. Prefer {@link Api.request} or {@link Api.fetch}, which also
   * notice when it dies.
   *
   * @throws The errors of {@link Credential.get}.
   */
  token(options?: CallOptions): Promise<string>;
  /** The access token's credential, for events (`watch`), `peek`, `reject` and `refresh`. */
  readonly credential: Credential;
  /**
   * The credential of a ticket, which is obtained with the access token. The same object at each
   * call. The client closes it.
   *
   * @throws {ClosedError} The client is closed, and never made this ticket.
   */
  ticket(type: TicketType): Credential;
  /** The configuration for `wx.config` on the page at this address. */
  jsSdkConfig(url: string, options?: CallOptions): Promise<JsSdkConfig>;
  /**
   * A mini program's login: exchanges the code of `wx.login` for the user's session. Costs no
   * access token. A code works once, for five minutes.
   *
   * @throws {WechatApiError} 40029, 40163: the code is wrong, too old or used.
   * @throws {IssueError} WeChat did not answer.
   */
  jscode2session(code: string, options?: CallOptions): Promise<UserSession>;
  /**
   * Revokes a token that leaked: replaces it twice, so that the platform forgets it. Resolves when
   * the token is dead, after about half a minute in stable mode. Costs two fetches; in stable mode
   * two of the day's 20 forced ones.
   *
   * @throws {CredentialUnavailableError} The token may still be alive. Call again.
   */
  revoke(options?: CallOptions): Promise<void>;
  /** This process's knowledge of the access token, without I/O and without secrets. */
  status(): CredentialStatus;
  /**
   * Settles every waiting caller with `CLOSED`. A fetch that was sent completes and is stored. The
   * cache and the lock stay open.
   */
  close(): Promise<void>;
}

/**
 * A client for one AppID. Its construction sends nothing, reads nothing and asks for no secret, in
 * any environment.
 *
 * @throws {ConfigurationError} An option is invalid. The text says which, why, and what is valid.
 */
export function wechat(given: WechatOptions | RemoteWechatOptions): Wechat {
  const isRemote = Object.hasOwn(Object(given), "source");
  requireClientOptions("wechat()", given, isRemote ? remoteWechatNames : wechatNames);
  const { options, source } = ownOrRemote(given);
  // From here on only the issuer has the secret.
  const { secret: _secret, onContention, ...shared } = options;
  const takesFallback = onContention === "stable" && options.mode === "plain";
  const tokenCredential = createCredential({
    ...shared,
    ...source,
    issuer: issuerOf(options),
    onContention: takesFallback ? "fallback" : "report",
  });
  const api = createApi(tokenCredential, options);
  const tickets = ticketCredentials<TicketType>({
    owner: "The WeChat client",
    shared: { ...shared, ...source },
    token: tokenCredential,
    issuerOf: (type) => ticket({ ...shared, type }),
  });
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;

  const platform = createPlatform(options);
  const secrets = secretSource(tokenCredential.id, secretOf(options), options);
  const quota = quotaApi({
    appId: options.appId,
    tokenPath: options.mode === "plain" ? "/cgi-bin/token" : "/cgi-bin/stable_token",
    credential: tokenCredential,
    api,
    platform,
    secrets,
  });

  return {
    credential: tokenCredential,
    fetch: api.fetch,
    download: api.download,
    request: api.request,
    token: async (call) => (await tokenCredential.get(call)).reveal(),
    ticket: tickets.of,
    jsSdkConfig: async (url, call) => ({
      appId: options.appId,
      ...(await signPage(tickets.of("jsapi"), url, { clock, random }, call)),
    }),
    ...quota,
    jscode2session: (code, call) =>
      userSession({ appId: options.appId, platform, secrets }, code, call),
    revoke: (call) =>
      revoke(tokenCredential, {
        clock,
        gapMs: options.mode === "plain" ? 0 : forcedGapMs,
        ...call,
      }),
    status: () => tokenCredential.status(),
    async close() {
      api.close();
      await Promise.all([tokenCredential.close(), tickets.close()]);
    },
  };
}

interface OwnOrRemote {
  readonly options: WechatOptions;
  readonly source?: { readonly source: CredentialSource };
}

/** With a source nothing is stored here, so the environment is only a name. */
function ownOrRemote(given: WechatOptions | RemoteWechatOptions): OwnOrRemote {
  if (!("source" in given)) return { options: given };
  const { source, ...rest } = given;
  requireShape("source", source, ["credential"], "remote() of @lingpai/client makes one.");
  return { options: { ...rest, environment: "remote", role: "consumer" }, source: { source } };
}

function secretOf({ secret, role }: WechatOptions): SecretOption {
  return secret ?? (role === "consumer" ? withoutSecret : "");
}

function issuerOf(options: WechatOptions): Issuer {
  const { mode } = options;
  const secret = secretOf(options);
  if (mode === "plain") {
    // The quota of one token says nothing about the other token's.
    const { quotaPerDay: _quotaPerDay, ...others } = options;
    return plainToken({ ...options, secret, fallback: stableToken({ ...others, secret }) });
  }
  if (mode === undefined || mode === "stable") return stableToken({ ...options, secret });
  throw new ConfigurationError(`The mode is ${JSON.stringify(mode)}. Give "stable" or "plain".`, {
    rule: "mode",
  });
}

/** A consumer never fetches. */
function withoutSecret(): never {
  throw new Error("a consumer has no secret");
}
