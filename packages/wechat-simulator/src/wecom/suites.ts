/**
 * WeCom for service providers: suites with a pushed ticket, their tokens, the tokens of corps that
 * installed them, and the provider's own.
 */
import { ConfigurationError } from "@lingpai/core";
import { checkToken, suiteToken } from "../accounts/check-token.ts";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import type { MessageKeys, Push, Sealing } from "../push/push.ts";
import { infoTypeIn, sealText } from "../push/push.ts";
import { encryptedCorpId, Installations } from "./installations.ts";
import type { AuthInfoBody, CorpCode, PermanentCodeBody } from "./installations.ts";
import { okBody } from "../accounts/official-accounts.ts";
import type { OkBody } from "../accounts/official-accounts.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";
import { isAlive } from "../ledger/token.ts";
import { resetDocument, ticketDocument } from "./suite-documents.ts";

export interface SuiteOptions extends MessageKeys {
  readonly suiteId: string;
  readonly secret: string;
  /**
   * True for a template of apps that the provider develops for corps (代开发应用). Their tokens
   * come from `gettoken`.
   * @defaultValue false
   */
  readonly isDevelopedFor?: boolean;
}

export interface ProviderOptions {
  readonly corpId: string;
  readonly secret: string;
}

export interface SuiteTokenBody {
  readonly suite_access_token: string;
  readonly expires_in: number;
}

export interface ProviderTokenBody {
  readonly provider_access_token: string;
  readonly expires_in: number;
}

export interface PreAuthBody extends OkBody {
  readonly pre_auth_code: string;
  readonly expires_in: number;
}

export interface CorpTokenBody {
  readonly access_token: string;
  readonly expires_in: number;
}

interface Suite {
  readonly options: SuiteOptions;
  readonly tickets: TokenSpace;
  readonly tokens: TokenSpace;
  readonly preAuthCodes: TokenSpace;
  readonly installations: Installations;
}

const ticketLifetimeMs = 30 * 60_000;

export class Suites {
  readonly #context: Context;
  readonly #lifetimeMs: number;
  readonly #suites: ReadonlyMap<string, Suite>;
  readonly #provider:
    | { readonly options: ProviderOptions; readonly tokens: TokenSpace }
    | undefined;

  constructor(
    context: Context,
    lifetimeMs: number,
    suites: readonly SuiteOptions[],
    provider: ProviderOptions | undefined,
  ) {
    this.#context = context;
    this.#lifetimeMs = lifetimeMs;
    const open = (
      kind: "suite" | "suite-ticket" | "provider" | "code",
      appId: string,
      lifeMs: number,
    ): TokenSpace =>
      context.spaces.open({ kind, appId, lifetimeMs: lifeMs, supersession: independent });
    this.#suites = new Map(
      suites.map((options) => {
        const { suiteId, isDevelopedFor = false } = options;
        const tickets = open("suite-ticket", suiteId, ticketLifetimeMs);
        return [
          suiteId,
          {
            options,
            tickets,
            tokens: open("suite", suiteId, lifetimeMs),
            preAuthCodes: open("code", suiteId, 20 * 60_000),
            installations: new Installations(context, suiteId, { lifetimeMs, isDevelopedFor }),
          },
        ];
      }),
    );
    this.#provider = provider && {
      options: provider,
      tokens: open("provider", provider.corpId, lifetimeMs),
    };
  }

  /**
   * `/cgi-bin/service/get_suite_token`: the same token until it expires. Needs a ticket that was
   * pushed in the last 30 minutes.
   */
  issue(
    request: Sender & {
      readonly suiteId: string;
      readonly secret: string;
      readonly ticket: string;
    },
  ): Answer<SuiteTokenBody> {
    const subject = this.#subject("/cgi-bin/service/get_suite_token", request.suiteId, request);
    const suite = this.#suites.get(request.suiteId);
    if (request.suiteId === "") return this.#context.refuseWecom(subject, 41021, "malformed");
    if (request.ticket === "") return this.#context.refuseWecom(subject, 41023, "malformed");
    if (request.secret === "") return this.#context.refuseWecom(subject, 41024, "malformed");
    if (suite === undefined) return this.#context.refuseWecom(subject, 40083, "unknown-app");
    if (request.secret !== suite.options.secret)
      return this.#context.refuseWecom(subject, 40080, "wrong-secret");
    const ticket = this.#context.tokens.find(request.ticket);
    const isOurs = ticket?.kind === "suite-ticket" && ticket.appId === request.suiteId;
    if (!isOurs) return this.#context.refuseWecom(subject, 40085, "unknown-token");
    if (!isAlive(ticket, this.#context.nowMs()))
      return this.#context.refuseWecom(subject, 40085, "expired");
    return this.#context.handOut(subject, suite.tokens, ({ text }) => ({
      suite_access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  /** `/cgi-bin/service/get_provider_token`: the same token until it expires. */
  providerToken(request: Sender & ProviderOptions): Answer<ProviderTokenBody> {
    const subject = this.#subject("/cgi-bin/service/get_provider_token", request.corpId, request);
    const provider = this.#provider;
    if (request.corpId !== provider?.options.corpId)
      return this.#context.refuseWecom(subject, 40013, "unknown-app");
    if (request.secret !== provider.options.secret)
      return this.#context.refuseWecom(subject, 40091, "wrong-secret");
    return this.#context.handOut(subject, provider.tokens, ({ text }) => ({
      provider_access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  /**
   * `/cgi-bin/service/get_corp_token`: a suite's token for one corp that installed it. The log
   * names it `corpId/suiteId`.
   */
  corpToken(
    request: Sender & {
      readonly suiteAccessToken: string;
      readonly corpId: string;
      readonly permanentCode: string;
    },
  ): Answer<CorpTokenBody> {
    const checked = checkToken(
      this.#context.tokens,
      request.suiteAccessToken,
      suiteToken,
      this.#context.nowMs(),
    );
    const subject = this.#subject("/cgi-bin/service/get_corp_token", request.corpId, request);
    if (!checked.alive)
      return this.#context.refuseWecom(subject, checked.cause.code, checked.cause.reason);
    if (request.permanentCode === "") return this.#context.refuseWecom(subject, 41025, "malformed");
    const installation = this.#suite(checked.token.appId).installations.find(request.corpId);
    if (installation === undefined) return this.#context.refuseWecom(subject, 40013, "unknown-app");
    const { permanentCode, space } = installation;
    const owned = { ...subject, appId: space.appId };
    if (request.permanentCode !== permanentCode)
      return this.#context.refuseWecom(owned, 40084, "wrong-secret");
    return this.#context.handOut(owned, space, ({ text }) => ({
      access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  /**
   * Makes the next suite ticket, as WeCom does every 10 minutes. It is valid for 30 minutes,
   * whatever is pushed later.
   */
  pushTicket(suiteId: string, { isSame = false }: { readonly isSame?: boolean } = {}): Push {
    const { options, tickets } = this.#suite(suiteId);
    const nowMs = this.#context.nowMs();
    const { text } = isSame ? tickets.renewed(nowMs) : tickets.issue(nowMs);
    const document = ticketDocument(suiteId, text, nowMs);
    return sealText(this.#context, options, document, {
      appId: suiteId,
      infoType: "suite_ticket",
      tag: "ToUserName",
    });
  }

  /**
   * Pushes any document, encrypted for this receiver or another: the provider's corp id, or a corp
   * that installed the suite.
   */
  push(suiteId: string, text: string, sealing: Partial<Sealing> = {}): Push {
    const { options } = this.#suite(suiteId);
    return sealText(this.#context, options, text, {
      appId: suiteId,
      infoType: infoTypeIn(text),
      tag: "ToUserName",
      ...sealing,
    });
  }

  /**
   * The provider requested a new secret for the app of a corp: its permanent code is invalid from
   * now on, and the push brings the code for the next one
   * (developer.work.weixin.qq.com/document/path/97175, 2025-01-02).
   */
  pushReset(suiteId: string, corpId: string): Push {
    const authCode = this.authorize(suiteId, corpId);
    this.#suite(suiteId).installations.install(encryptedCorpId(corpId, suiteId));
    return this.push(suiteId, resetDocument(suiteId, authCode, this.#context.nowMs()));
  }

  /** `/cgi-bin/service/get_pre_auth_code`: begins an installation. */
  preAuthCode(request: Sender & { readonly suiteAccessToken: string }): Answer<PreAuthBody> {
    return this.#withToken("/cgi-bin/service/get_pre_auth_code", request, (suite, subject) =>
      this.#context.grant(subject, "new", {
        ...okBody,
        pre_auth_code: suite.preAuthCodes.issue(this.#context.nowMs()).text,
        expires_in: 1200,
      }),
    );
  }

  /** `/cgi-bin/service/get_permanent_code`: redeems the code of an installation, once. */
  permanentCode(
    request: Sender & { readonly suiteAccessToken: string; readonly authCode: string },
  ): Answer<PermanentCodeBody> {
    return this.#withToken(
      "/cgi-bin/service/get_permanent_code",
      request,
      ({ installations }, subject) => installations.redeem(subject, request),
    );
  }

  /** `/cgi-bin/service/get_auth_info`. */
  authInfo(
    request: Sender & { readonly suiteAccessToken: string } & CorpCode,
  ): Answer<AuthInfoBody> {
    return this.#withToken(
      "/cgi-bin/service/get_auth_info",
      request,
      ({ installations }, subject) => installations.info(subject, request),
    );
  }

  /**
   * The answer of `gettoken` for an app that was developed for a corp. Undefined: it is no such
   * app.
   */
  developedToken(
    request: Sender & { readonly corpId: string; readonly secret: string },
  ): Answer<object> | undefined {
    for (const { installations } of this.#suites.values()) {
      const answer = installations.developedToken(request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  /**
   * A corp's administrator consents. Returns the code that the provider redeems. The provider knows
   * the corp by an id of the provider's own.
   */
  authorize(suiteId: string, corpId: string): string {
    this.#context.grant(
      { kind: "act", endpoint: "authorize-suite", appId: corpId, sender: { caller: "operator" } },
      "operator",
      undefined,
    );
    return this.#suite(suiteId).installations.authorize(corpId);
  }

  /**
   * A corp that installed the suite before 2021, or does so again, and is known by its plain id.
   * Returns a new permanent code, and makes the previous one invalid.
   */
  install(suiteId: string, corpId: string): string {
    this.#context.grant(
      { kind: "act", endpoint: "install-suite", appId: corpId, sender: { caller: "operator" } },
      "operator",
      undefined,
    );
    return this.#suite(suiteId).installations.install(corpId);
  }

  get #lifetimeS(): number {
    return Math.floor(this.#lifetimeMs / 1000);
  }

  #withToken<Body>(
    endpoint: string,
    request: Sender & { readonly suiteAccessToken: string },
    work: (suite: Suite, subject: LogSubject) => Answer<Body>,
  ): Answer<Body> {
    const checked = checkToken(
      this.#context.tokens,
      request.suiteAccessToken,
      suiteToken,
      this.#context.nowMs(),
    );
    const subject = this.#subject(endpoint, checked.token?.appId ?? "", request);
    if (!checked.alive)
      return this.#context.refuseWecom(subject, checked.cause.code, checked.cause.reason);
    return work(this.#suite(checked.token.appId), subject);
  }

  #suite(suiteId: string): Suite {
    const suite = this.#suites.get(suiteId);
    if (suite === undefined)
      throw new ConfigurationError(
        `The simulator has no suite ${suiteId}. Add it with the \`suites\` option.`,
      );
    return suite;
  }

  #subject(endpoint: string, appId: string, sender: Sender): LogSubject {
    return { kind: "issue", endpoint, appId: appId || undefined, sender };
  }
}
