/**
 * The client for a WeCom suite (企业微信第三方应用): it receives the pushes, keeps the suite's
 * token, and serves the corps that installed the suite.
 */
import { storeFrom, systemClock } from "@lingpai/core";
import type { CallOptions, Clock, Credential, CredentialOptions } from "@lingpai/core";
import { secretIn } from "../transport/platform-answer.ts";
import { createApi } from "../calls/api.ts";
import type { Api, ApiOptions } from "../calls/api.ts";
import { WechatApiError } from "../errors/platform-errors.ts";
import { createCredential } from "../tokens/create-credential.ts";
import { wecomSuiteNames, requireClientOptions } from "../options/option-names.ts";
import { PermanentCodes } from "./permanent-codes.ts";
import type { MessageKeys } from "../push/push-envelope.ts";
import { pushReceiver } from "../push/push-handler.ts";
import type { PushHandler, PushOptions, PushReceiver } from "../push/push-handler.ts";
import type { PushMessage } from "../push/push-message.ts";
import type { PushedTicket } from "../push/pushed-ticket.ts";
import type { SecretOption } from "../tokens/secret-source.ts";
import type { PushInbox } from "../push/push-inbox.ts";
import { redeemedOnce } from "../push/redeemed-codes.ts";
import { suiteCorps } from "./suite-corp.ts";
import type { SuiteCorp } from "./suite-corp.ts";
import { suiteToken } from "./suite-token.ts";
import type { SuiteTokenOptions } from "./suite-token.ts";
import { suiteParameter } from "../calls/token-parameter.ts";
import { wecomBaseUrl } from "./wecom-token.ts";

export interface WecomSuiteOptions
  extends
    Omit<CredentialOptions, "issuer" | "parent">,
    Omit<ApiOptions, "tokenParameter">,
    SuiteTokenOptions,
    MessageKeys,
    PushOptions {
  /**
   * True for a template of apps that the provider develops for corps (代开发应用). Their tokens
   * come from `gettoken`, with the permanent code as the secret.
   * @defaultValue false
   */
  readonly isDevelopedFor?: boolean;
}

export interface WecomSuite extends PushHandler, Pick<Api, "request"> {
  /** The suite's own token. */
  readonly credential: Credential;
  /** The ticket that WeCom pushed last. Each is valid for 30 minutes. */
  readonly ticket: PushedTicket;
  /**
   * Redeems the code of an installation (`get_permanent_code`), and stores the permanent code for
   * the fleet. From then on `corp(corpId)` works on every node. The platform accepts each code
   * once; for a code that the fleet redeemed in the last 24 h, the call returns the same corp. The
   * client redeems the code of a reset (`reset_permanent_code`) by itself, before `onMessage`.
   *
   * @throws {WechatApiError} The code is used, expired or not issued by WeCom.
   * @throws {CacheUnavailableError} The permanent code could not be stored.
   */
  install(authCode: string, options?: CallOptions): Promise<SuiteCorp>;
  /** The corp's consent (`get_auth_info`), in WeCom's own fields. Needs a stored permanent code. */
  authInfo(corpId: string, options?: CallOptions): Promise<Record<string, unknown>>;
  /**
   * A corp, by the id that its installation returned, with the permanent code that
   * {@link WecomSuite.install} stored. You can give the code instead: the code of the first call
   * counts, so give a function if a corp may install again. The same object at each call. Sends
   * nothing.
   */
  corp(corpId: string, permanentCode?: SecretOption): SuiteCorp;
  /** Settles every waiting caller with `CLOSED`. The cache and the lock stay open. */
  close(): Promise<void>;
}

const ticketLifetimeMs = 30 * 60_000;

/**
 * The client for one suite. Its construction sends nothing, reads nothing and asks for no secret.
 *
 * @throws {ConfigurationError} An option is invalid. The text says which, why, and what is valid.
 */
export function wecomSuite(options: WecomSuiteOptions): WecomSuite {
  requireClientOptions("wecomSuite()", options, wecomSuiteNames);
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
  const receiver = receiverOf(options, async ({ infoType, fields }) => {
    const authCode = infoType === "reset_permanent_code" ? fields.get("AuthCode") : undefined;
    if (authCode !== undefined) await redeem(authCode).catch(throwUnlessUsed);
  });
  const { ticket, handler, inbox } = receiver;
  const suite = createCredential({ ...shared, issuer, parent: ticket });
  const api = createApi(suite, { ...shared, tokenParameter: suiteParameter });
  const corps = suiteCorps({ suiteId, suite, shared, isDevelopedFor, codes });
  const redeem = redeemer({ api, codes, inbox, clock: options.clock ?? systemClock });

  return {
    ...handler,
    credential: suite,
    ticket,
    request: api.request,
    corp: corps.of,
    async install(authCode, call = {}) {
      return corps.of(await redeem(authCode, call));
    },
    async authInfo(corpId, call = {}) {
      const json = { auth_corpid: corpId, permanent_code: await codes.get(corpId) };
      return api.request("/cgi-bin/service/get_auth_info", { json, ...call });
    },
    async close() {
      api.close();
      receiver.close();
      await Promise.all([suite.close(), corps.close()]);
    },
  };
}

interface RedeemerOptions {
  readonly api: Api;
  readonly codes: PermanentCodes;
  readonly inbox: PushInbox;
  readonly clock: Clock;
}

/** Returns the corp whose code this is, after its permanent code was stored. */
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

/** A used or expired code stays so: WeCom need not push the message again. */
function throwUnlessUsed(error: unknown): void {
  if (!(error instanceof WechatApiError) || error.errcode !== 40078) throw error;
}

function receiverOf(
  options: WecomSuiteOptions,
  before: (message: PushMessage) => Promise<void>,
): PushReceiver {
  const { suiteId } = options;
  return pushReceiver(
    { ...options, ...storeFrom(options) },
    {
      ticketType: "suite_ticket",
      ticketField: "SuiteTicket",
      timeField: "TimeStamp",
      receiver: suiteId,
      ticketId: `wecom:suite-ticket:${suiteId}`,
      ticketLifetimeMs,
      answerMs: 700,
      before,
    },
  );
}
