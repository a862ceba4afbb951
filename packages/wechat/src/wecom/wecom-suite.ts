/**
 * A WeCom suite (企业微信第三方应用): its pushes, its own token, and the tokens of the corps that installed
 * it.
 */
import { ClosedError, requireKnown, storeFrom, systemClock } from "@lingpai/core";
import type { CallOptions, Clock, Credential, CredentialOptions } from "@lingpai/core";
import { secretIn } from "../transport/platform-answer.ts";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { WechatApiError } from "../errors/platform-errors.ts";
import { createCredential } from "../options/create-credential.ts";
import { wecomSuiteNames } from "../options/option-names.ts";
import { PermanentCodes } from "./permanent-codes.ts";
import type { MessageKeys } from "../push/push-envelope.ts";
import { pushReceiver } from "../push/push-handler.ts";
import type { PushHandler, PushOptions } from "../push/push-handler.ts";
import type { PushedTicket } from "../push/pushed-ticket.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import type { PushInbox } from "../push/push-inbox.ts";
import { redeemedOnce } from "../push/redeemed-codes.ts";
import { corpToken, suiteToken } from "./suite-token.ts";
import type { SuiteTokenOptions } from "./suite-token.ts";
import { suiteParameter } from "../calls/token-parameter.ts";
import { wecomBaseUrl, wecomToken } from "./wecom-token.ts";

export interface WecomSuiteOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent">,
    Omit<ApiOptions, "tokenParameter">,
    SuiteTokenOptions,
    MessageKeys,
    PushOptions {
  /**
   * A template for apps that the provider develops for corps (代开发应用): their tokens are had at
   * `gettoken`, with the permanent code as the secret. @defaultValue false
   */
  readonly isDevelopedFor?: boolean;
}

/** A corp that installed the suite. */
export interface SuiteCorp extends Pick<Api, "download" | "fetch" | "request"> {
  readonly corpId: string;
  readonly credential: Credential;
  /** @throws what {@link Credential.get} throws. */
  token(options?: CallOptions): Promise<string>;
}

export interface WecomSuite extends PushHandler, Pick<Api, "request"> {
  /** The suite's own token. */
  readonly credential: Credential;
  /** What WeCom pushed last: each ticket is good for 30 minutes. */
  readonly ticket: PushedTicket;
  /**
   * Redeems the code that an installation brought (`get_permanent_code`), and keeps the permanent
   * code for the fleet: from then on `corp(corpId)` works on every node. The platform takes each
   * code once; a code that the fleet has redeemed in the last 24 h gives its corp again. The code
   * that a reset brings (`reset_permanent_code`) is redeemed by itself, before `onMessage`.
   *
   * @throws {WechatApiError} the code is used, expired or not WeCom's. @throws
   *   {CacheUnavailableError} the permanent code could not be kept.
   */
  install(authCode: string, options?: CallOptions): Promise<SuiteCorp>;
  /**
   * What the corp consented to (`get_auth_info`), in the platform's own words. Needs a kept
   * permanent code.
   */
  authInfo(corpId: string, options?: CallOptions): Promise<Record<string, unknown>>;
  /**
   * A corp, by its id as the installation named it, and by the permanent code that
   * {@link WecomSuite.install} kept. Or give the code: the one of the first call counts, so give a
   * function where a corp may install again. The same object at each call. Sends nothing.
   */
  corp(corpId: string, permanentCode?: SecretOption): SuiteCorp;
  /** Settles every waiting caller with `CLOSED`. The cache and the lock stay open. */
  close(): Promise<void>;
}

const ticketLifetimeMs = 30 * 60_000;

/**
 * One suite. Constructing it sends nothing, reads nothing and asks for no secret.
 *
 * @throws {ConfigurationError} an option cannot be right; the text says which, why, and what would
 *   be.
 */
export function wecomSuite(options: WecomSuiteOptions): WecomSuite {
  requireKnown("wecomSuite()", options, wecomSuiteNames);
  const {
    secret: _secret,
    messageToken: _messageToken,
    encodingAesKey: _encodingAesKey,
    ...given
  } = options;
  const shared = { ...given, baseUrl: options.baseUrl ?? wecomBaseUrl };
  const { suiteId, isDevelopedFor = false } = options;
  const codes = new PermanentCodes({ ...options, ...storeFrom(options) });
  const issuer = suiteToken(options);
  const {
    ticket,
    handler,
    inbox,
    close: closeReceiver,
  } = pushReceiver(
    { ...options, ...storeFrom(options) },
    {
      ticketType: "suite_ticket",
      ticketField: "SuiteTicket",
      timeField: "TimeStamp",
      receiver: suiteId,
      ticketId: `wecom:suite-ticket:${suiteId}`,
      ticketLifetimeMs,
      answerMs: 700,
      before: async ({ infoType, fields }) => {
        const authCode = infoType === "reset_permanent_code" ? fields.get("AuthCode") : undefined;
        if (authCode !== undefined) await redeem(authCode).catch(unlessUsed);
      },
    },
  );
  const suite = createCredential({ ...shared, issuer, parent: ticket });
  const api = createApi(suite, { ...shared, tokenParameter: suiteParameter });
  const corps = new Map<string, ReturnType<typeof corpClient>>();
  let isClosed = false;

  const credentialOf = (corpId: string, permanentCode: SecretOption): Credential => {
    if (isDevelopedFor)
      return createCredential({
        ...shared,
        issuer: wecomToken({ ...shared, corpId, app: suiteId, secret: permanentCode }),
      });
    return createCredential({
      ...shared,
      issuer: corpToken({ ...shared, corpId, permanentCode }),
      parent: suite,
    });
  };

  const corp = (
    corpId: string,
    permanentCode: SecretOption = () => codes.get(corpId),
  ): SuiteCorp => {
    const known = corps.get(corpId);
    if (known !== undefined) return known;
    if (isClosed) throw new ClosedError("The suite's client");
    const credential = credentialOf(corpId, permanentCode);
    const created = corpClient(corpId, credential, createApi(credential, shared));
    corps.set(corpId, created);
    return created;
  };

  const redeem = redeemer({ api, codes, inbox, clock: options.clock ?? systemClock });

  return {
    ...handler,
    credential: suite,
    ticket,
    request: api.request,
    corp,
    async install(authCode, call = {}) {
      return corp(await redeem(authCode, call));
    },
    async authInfo(corpId, call = {}) {
      const json = { auth_corpid: corpId, permanent_code: await codes.get(corpId) };
      return api.request("/cgi-bin/service/get_auth_info", { json, ...call });
    },
    async close() {
      isClosed = true;
      api.close();
      closeReceiver();
      await Promise.all([suite.close(), ...[...corps.values()].map((each) => each.close())]);
    },
  };
}

interface RedeemerOptions {
  readonly api: Api;
  readonly codes: PermanentCodes;
  readonly inbox: PushInbox;
  readonly clock: Clock;
}

/** Gives the corp whose code this is, once its permanent code is kept. */
function redeemer({
  api,
  codes,
  inbox,
  clock,
}: RedeemerOptions): (authCode: string, call?: CallOptions) => Promise<string> {
  return (authCode, call = {}) =>
    redeemedOnce(authCode, {
      inbox,
      clock,
      signal: call.signal,
      async redeem() {
        const answer = await api.request("/cgi-bin/service/get_permanent_code", {
          json: { auth_code: authCode },
          ...call,
        });
        const corpId = secretIn(new Map(Object.entries(answer["auth_corp_info"] ?? {})), "corpid");
        await codes.put(corpId, secretIn(new Map(Object.entries(answer)), "permanent_code"));
        return corpId;
      },
    });
}

/** A code that is used or expired stays so: sending the push again would not help. */
function unlessUsed(error: unknown): void {
  if (!(error instanceof WechatApiError) || error.errcode !== 40078) throw error;
}

function corpClient(
  corpId: string,
  credential: Credential,
  calls: Api,
): SuiteCorp & { close(): Promise<void> } {
  return {
    corpId,
    credential,
    fetch: calls.fetch,
    download: calls.download,
    request: calls.request,
    token: async (call) => (await credential.get(call)).reveal(),
    async close() {
      calls.close();
      await credential.close();
    },
  };
}
