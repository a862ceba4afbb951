/**
 * The client for one app of one corp at WeCom: its token, its calls, and the configuration of its
 * pages.
 */
import { ConfigurationError, systemClock, systemRandom } from "@lingpai/core";
import type { CallOptions, Credential, CredentialOptions, CredentialStatus } from "@lingpai/core";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { signPage } from "../tickets/js-sdk.ts";
import type { JsSdkConfig, PageSignature } from "../tickets/js-sdk.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { wecomNames, requireClientOptions } from "../options/option-names.ts";
import { ticketCredentials } from "../tickets/ticket-credentials.ts";
import { wecomTicket } from "../tickets/ticket.ts";
import type { WecomTicketType } from "../tickets/ticket.ts";
import { wecomToken } from "./wecom-token.ts";
import type { WecomTokenOptions } from "./wecom-token.ts";

export interface WecomOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent">,
    Omit<ApiOptions, "tokenParameter">,
    Omit<WecomTokenOptions, "secret"> {
  /**
   * The app's secret, or a function that returns it and is called at each fetch. For an app that a
   * provider developed for the corp (代开发应用): the permanent code of its installation, with the
   * encrypted corp id as `corpId`. Only a `consumer` needs none.
   */
  readonly secret?: WecomTokenOptions["secret"];
  /**
   * The app's agent id, for {@link Wecom.agentConfig}.
   * @defaultValue `app`, if it is a number
   */
  readonly agentId?: string | number;
}

/** The arguments of `wx.agentConfig`, except the list of APIs. */
export interface AgentConfig {
  readonly corpid: string;
  readonly agentid: string;
  readonly timestamp: number;
  readonly nonceStr: string;
  readonly signature: string;
}

export interface Wecom extends Pick<Api, "download" | "fetch" | "request"> {
  /** @throws The errors of {@link Credential.get}. */
  token(options?: CallOptions): Promise<string>;
  /** The app token's credential, for events (`watch`), `peek`, `reject` and `refresh`. */
  readonly credential: Credential;
  /**
   * The credential of a ticket, which is obtained with the app's token. The same object at each
   * call. The client closes it.
   *
   * @throws {ClosedError} The client is closed, and never made this ticket.
   */
  ticket(type: WecomTicketType): Credential;
  /** The configuration for `wx.config` on the page at this address. `appId` is the corp id. */
  jsSdkConfig(url: string, options?: CallOptions): Promise<JsSdkConfig>;
  /**
   * The configuration for `wx.agentConfig`.
   *
   * @throws {ConfigurationError} `agent-id`: the agent id is not known.
   */
  agentConfig(url: string, options?: CallOptions): Promise<AgentConfig>;
  /** This process's knowledge of the token, without I/O and without secrets. */
  status(): CredentialStatus;
  /**
   * Settles every waiting caller with `CLOSED`. A fetch that was sent completes and is stored. The
   * cache and the lock stay open.
   */
  close(): Promise<void>;
}

/**
 * A client for one app of one corp. Its construction sends nothing, reads nothing and asks for no
 * secret.
 *
 * @throws {ConfigurationError} An option is invalid. The text says which, why, and what is valid.
 */
export function wecom(options: WecomOptions): Wecom {
  requireClientOptions("wecom()", options, wecomNames);
  // From here on only the issuer has the secret.
  const { secret = options.role === "consumer" ? withoutSecret : "", agentId, ...shared } = options;
  const { clock = systemClock, random = systemRandom, corpId, app } = options;
  const token = createCredential({ ...shared, issuer: wecomToken({ ...shared, secret }) });
  const api = createApi(token, shared);
  const tickets = ticketCredentials<WecomTicketType>({
    owner: "The WeCom client",
    shared,
    token,
    issuerOf: (type) => wecomTicket({ ...shared, type }),
  });
  const signed = (type: WecomTicketType, url: string, call?: CallOptions): Promise<PageSignature> =>
    signPage(tickets.of(type), url, { clock, random }, call);

  return {
    credential: token,
    fetch: api.fetch,
    download: api.download,
    request: api.request,
    token: async (call) => (await token.get(call)).reveal(),
    ticket: tickets.of,
    jsSdkConfig: async (url, call) => ({ appId: corpId, ...(await signed("jsapi", url, call)) }),
    async agentConfig(url, call) {
      const agentid = agentIdOf(agentId, app);
      return { corpid: corpId, agentid, ...(await signed("agent_config", url, call)) };
    },
    status: () => token.status(),
    async close() {
      api.close();
      await Promise.all([token.close(), tickets.close()]);
    },
  };
}

function agentIdOf(given: string | number | undefined, app: string): string {
  const id = String(given ?? app);
  if (/^\d{1,16}$/.test(id)) return id;
  throw new ConfigurationError(
    `The agent id of the app "${app}" is not known. Give agentId, the number that WeCom's console shows for the app.`,
    {
      rule: "agent-id",
    },
  );
}

/** A consumer never fetches. */
function withoutSecret(): never {
  throw new Error("a consumer has no secret");
}
