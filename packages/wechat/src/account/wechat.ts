/** The client that most users want: one AppID, its token, and calls that survive. */
import { ConfigurationError, requireKnown, systemClock, systemRandom } from "@lingpai/core";
import type {
  CallOptions,
  Credential,
  CredentialOptions,
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
import { wechatNames } from "../options/option-names.ts";
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
   * The AppSecret, or a function that is asked for it at each fetch. Only a `consumer` may do
   * without.
   */
  readonly secret?: SecretOption;
  /**
   * Which of the account's two tokens to use. They are independent of each other.
   *
   * `stable` can be fetched by many without harm. `plain` is needed only where something that you
   * cannot change reads the plain token: its every fetch retires the one before, so this fleet must
   * then be the only one that fetches. `overlapMs` applies to `plain` alone.
   * @defaultValue "stable"
   */
  readonly mode?: "stable" | "plain";
  /**
   * With `plain`: what to do when somebody outside the fleet goes on fetching plain tokens, which
   * kills this fleet's. `report` it, or let the whole fleet take the stable token, which such a war
   * cannot reach; `credential.useFallback(false)` goes back. Give it to all nodes alike.
   * @defaultValue "report"
   */
  readonly onContention?: "report" | "stable";
}

export interface Wechat extends Pick<Api, "download" | "fetch" | "request">, QuotaApi {
  /**
   * A token that is safe to send now. Prefer {@link Api.request} or {@link Api.fetch}, which also
   * notice when it dies.
   *
   * @throws what {@link Credential.get} throws.
   */
  token(options?: CallOptions): Promise<string>;
  /** The access token's credential, for events (`watch`), `peek`, `reject` and `refresh`. */
  readonly credential: Credential;
  /**
   * A ticket's credential, had with the access token. The same object at each call; closed with the
   * client.
   *
   * @throws {ClosedError} the client is closed and had no such ticket.
   */
  ticket(type: TicketType): Credential;
  /** What `wx.config` needs to trust the page at this address. */
  jsSdkConfig(url: string, options?: CallOptions): Promise<JsSdkConfig>;
  /**
   * A mini program's login: exchanges the code of `wx.login` for the user's session. Spends no
   * access token. A code works once, for five minutes.
   *
   * @throws {WechatApiError} 40029, 40163: the code is wrong, too old or used. @throws {IssueError}
   *   WeChat did not answer.
   */
  jscode2session(code: string, options?: CallOptions): Promise<UserSession>;
  /**
   * For a token that leaked: replaces it twice, so that the platform forgets it. Resolves when it
   * is dead, after about half a minute in stable mode. Costs two fetches, in stable mode two of the
   * day's 20 forced ones.
   *
   * @throws {CredentialUnavailableError} it may still be alive; call again.
   */
  revoke(options?: CallOptions): Promise<void>;
  /** What this process knows of the access token, without I/O and without secrets. */
  status(): CredentialStatus;
  /**
   * Settles every waiting caller with `CLOSED`; a fetch that left ends and is stored. The cache and
   * the lock stay open.
   */
  close(): Promise<void>;
}

/**
 * A client for one AppID. Constructing it sends nothing, reads nothing and asks for no secret, in
 * any environment.
 *
 * @throws {ConfigurationError} an option cannot be right; the text says which, why, and what would
 *   be.
 */
export function wechat(options: WechatOptions): Wechat {
  requireKnown("wechat()", options, wechatNames);
  // From here on only the issuer knows the secret.
  const { secret: _secret, onContention, ...shared } = options;
  const takesFallback = onContention === "stable" && options.mode === "plain";
  const tokenCredential = createCredential({
    ...shared,
    issuer: issuerOf(options),
    onContention: takesFallback ? "fallback" : "report",
  });
  const api = createApi(tokenCredential, options);
  const tickets = ticketCredentials<TicketType>({
    owner: "The WeChat client",
    shared,
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

function secretOf({ secret, role }: WechatOptions): SecretOption {
  return secret ?? (role === "consumer" ? withoutSecret : "");
}

function issuerOf(options: WechatOptions): Issuer {
  const { mode } = options;
  const secret = secretOf(options);
  if (mode === "plain") {
    // What the account may fetch of the one says nothing of the other.
    const { quotaPerDay: _quotaPerDay, ...others } = options;
    return plainToken({ ...options, secret, fallback: stableToken({ ...others, secret }) });
  }
  if (mode === undefined || mode === "stable") return stableToken({ ...options, secret });
  throw new ConfigurationError(`The mode is ${JSON.stringify(mode)}. Give "stable" or "plain".`, {
    rule: "mode",
  });
}

/** A consumer is never asked to fetch. */
function withoutSecret(): never {
  throw new Error("a consumer has no secret");
}
