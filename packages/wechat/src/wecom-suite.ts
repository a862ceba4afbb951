/** A WeCom suite (企业微信第三方应用): its pushes, its own token, and the tokens of the corps that installed it. */
import { ClosedError, credential as createCredential, storeFrom } from "@lingpai/core";
import type { CallOptions, Credential, CredentialOptions } from "@lingpai/core";
import { createApi } from "./api.ts";
import type { Api, ApiOptions } from "./api.ts";
import type { MessageKeys } from "./push-envelope.ts";
import { pushReceiver } from "./push-handler.ts";
import type { PushHandler, PushOptions } from "./push-handler.ts";
import type { PushedTicket } from "./pushed-ticket.ts";
import type { SecretOption } from "./secret-source.ts";
import { corpToken, suiteToken } from "./suite-token.ts";
import type { SuiteTokenOptions } from "./suite-token.ts";
import { suiteParameter } from "./token-parameter.ts";
import { wecomBaseUrl } from "./wecom.ts";

export interface WecomSuiteOptions
  extends Omit<CredentialOptions, "issuer" | "parent">, Omit<ApiOptions, "tokenParameter">, SuiteTokenOptions, MessageKeys, PushOptions {}

/** A corp that installed the suite. */
export interface SuiteCorp extends Pick<Api, "fetch" | "request"> {
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
   * A corp, by the permanent code that its installation gave. The same object at each call; the code of the first call counts, so give a function where a corp may
   * install again. Sends nothing.
   */
  corp(corpId: string, permanentCode: SecretOption): SuiteCorp;
  /** Settles every waiting caller with `CLOSED`. The cache and the lock stay open. */
  close(): Promise<void>;
}

const ticketLifetimeMs = 30 * 60_000;

/**
 * One suite. Constructing it sends nothing, reads nothing and asks for no secret.
 *
 * @throws {ConfigurationError} an option cannot be right; the text says which, why, and what would be.
 */
export function wecomSuite(options: WecomSuiteOptions): WecomSuite {
  const { secret: _secret, messageToken: _messageToken, encodingAesKey: _encodingAesKey, ...given } = options;
  const shared = { ...given, baseUrl: options.baseUrl ?? wecomBaseUrl };
  const { suiteId } = options;
  const issuer = suiteToken(options);
  const {
    ticket,
    handler,
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
    },
  );
  const suite = createCredential({ ...shared, issuer, parent: ticket });
  const api = createApi(suite, { ...shared, tokenParameter: suiteParameter });
  const corps = new Map<string, SuiteCorp & { close(): Promise<void> }>();
  let isClosed = false;

  return {
    ...handler,
    credential: suite,
    ticket,
    request: api.request,
    corp(corpId, permanentCode) {
      const known = corps.get(corpId);
      if (known !== undefined) return known;
      if (isClosed) throw new ClosedError("The suite's client");
      const credential = createCredential({ ...shared, issuer: corpToken({ ...shared, corpId, permanentCode }), parent: suite });
      const calls = createApi(credential, shared);
      const close = async (): Promise<void> => {
        calls.close();
        await credential.close();
      };
      const created = {
        corpId,
        credential,
        fetch: calls.fetch,
        request: calls.request,
        close,
        token: async (call?: CallOptions) => (await credential.get(call)).reveal(),
      };
      corps.set(corpId, created);
      return created;
    },
    async close() {
      isClosed = true;
      api.close();
      closeReceiver();
      await Promise.all([suite.close(), ...[...corps.values()].map((each) => each.close())]);
    },
  };
}
