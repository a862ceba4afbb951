/**
 * The corps that install a suite: the codes of an installation, and the endpoints that redeem them.
 */
import { createHash } from "node:crypto";
import type { Answer, Context, LogSubject, Sender } from "../ledger/context.ts";
import type { OkBody } from "../accounts/official-accounts.ts";
import { okBody } from "../accounts/official-accounts.ts";
import type { TokenSpace } from "../ledger/token-space.ts";
import { independent } from "../ledger/token-space.ts";
import { isAlive } from "../ledger/token.ts";

export interface PermanentCodeBody extends OkBody {
  readonly permanent_code: string;
  readonly auth_corp_info: { readonly corpid: string; readonly corp_name: string };
  /** Absent for an app that was developed for the corp: its token comes from `gettoken`. */
  readonly access_token?: string;
  readonly expires_in?: number;
}

export interface AuthInfoBody extends OkBody {
  readonly auth_corp_info: { readonly corpid: string; readonly corp_name: string };
  readonly auth_info: {
    readonly agent: readonly { readonly agentid: number; readonly name: string }[];
  };
}

export interface CorpCode {
  readonly corpId: string;
  readonly permanentCode: string;
}

interface Installation {
  readonly corpId: string;
  permanentCode: string;
  readonly space: TokenSpace;
}

/**
 * The corp id as this suite's provider sees it. Since 2021 each provider gets its own,
 * case-sensitive id (developer.work.weixin.qq.com/document/path/96516).
 */
export function encryptedCorpId(corpId: string, suiteId: string): string {
  return `wp${createHash("sha256").update(`${suiteId} ${corpId}`).digest("base64url").slice(0, 30)}`;
}

const authCodeLifetimeMs = 20 * 60_000;

/** The installations of one suite. */
export class Installations {
  readonly #context: Context;
  readonly #suiteId: string;
  readonly #lifetimeMs: number;
  readonly #isDevelopedFor: boolean;
  readonly #authCodes: TokenSpace;
  readonly #corpIdsByCode = new Map<string, string>();
  /** By the corp id that the provider knows. */
  readonly #byCorpId = new Map<string, Installation>();

  constructor(
    context: Context,
    suiteId: string,
    { lifetimeMs, isDevelopedFor }: { lifetimeMs: number; isDevelopedFor: boolean },
  ) {
    this.#context = context;
    this.#suiteId = suiteId;
    this.#lifetimeMs = lifetimeMs;
    this.#isDevelopedFor = isDevelopedFor;
    this.#authCodes = context.spaces.open({
      kind: "code",
      appId: suiteId,
      lifetimeMs: authCodeLifetimeMs,
      supersession: independent,
    });
  }

  find(corpId: string): Installation | undefined {
    return this.#byCorpId.get(corpId);
  }

  /**
   * The corp installs the suite under this id: encrypted if it authorised since 2021, else plain.
   */
  install(corpId: string): string {
    const permanentCode = this.#context.random.id() + this.#context.random.id();
    const known = this.#byCorpId.get(corpId);
    if (known !== undefined) known.permanentCode = permanentCode;
    else this.#byCorpId.set(corpId, { corpId, permanentCode, space: this.#spaceOf(corpId) });
    return permanentCode;
  }

  /**
   * The administrator consents. Returns a code that is redeemed once, for the corp's encrypted id.
   */
  authorize(corpId: string): string {
    const code = this.#authCodes.issue(this.#context.nowMs()).text;
    this.#corpIdsByCode.set(code, encryptedCorpId(corpId, this.#suiteId));
    return code;
  }

  redeem(
    subject: LogSubject,
    { authCode }: { readonly authCode: string },
  ): Answer<PermanentCodeBody> {
    const code = this.#context.tokens.find(authCode);
    const corpId = this.#corpIdsByCode.get(authCode);
    const isUsable =
      code !== undefined && corpId !== undefined && isAlive(code, this.#context.nowMs());
    if (!isUsable) return this.#context.refuseWecom(subject, 40078, "unknown-token");
    this.#corpIdsByCode.delete(authCode);
    const permanentCode = this.install(corpId);
    const shared = {
      ...okBody,
      permanent_code: permanentCode,
      auth_corp_info: { corpid: corpId, corp_name: "corp" },
    };
    const space = this.#byCorpId.get(corpId)?.space;
    if (this.#isDevelopedFor || space === undefined)
      return this.#context.grant(subject, "accepted", shared);
    const expiresIn = this.#lifetimeS;
    return this.#context.handOut({ ...subject, appId: space.appId }, space, ({ text }) => ({
      ...shared,
      access_token: text,
      expires_in: expiresIn,
    }));
  }

  info(subject: LogSubject, { corpId, permanentCode }: CorpCode): Answer<AuthInfoBody> {
    if (this.#byCorpId.get(corpId)?.permanentCode !== permanentCode)
      return this.#context.refuseWecom(subject, 40084, "wrong-secret");
    return this.#context.grant(subject, "accepted", {
      ...okBody,
      auth_corp_info: { corpid: corpId, corp_name: "corp" },
      auth_info: { agent: [{ agentid: 1_000_002, name: "app" }] },
    });
  }

  /**
   * The answer of `gettoken` for an app that was developed for a corp. Undefined: it is no such app
   * of this suite.
   */
  developedToken(
    request: Sender & { readonly corpId: string; readonly secret: string },
  ): Answer<object> | undefined {
    const installation = this.#byCorpId.get(request.corpId);
    if (!this.#isDevelopedFor || installation === undefined) return undefined;
    const subject = this.#subject("/cgi-bin/gettoken", installation.space.appId, request);
    if (request.secret !== installation.permanentCode)
      return this.#context.refuseWecom(subject, 40001, "wrong-secret");
    return this.#context.handOut(subject, installation.space, ({ text }) => ({
      ...okBody,
      access_token: text,
      expires_in: this.#lifetimeS,
    }));
  }

  get #lifetimeS(): number {
    return Math.floor(this.#lifetimeMs / 1000);
  }

  #spaceOf(corpId: string): TokenSpace {
    const appId = `${corpId}/${this.#suiteId}`;
    return this.#context.spaces.open({
      kind: "suite-corp",
      appId,
      lifetimeMs: this.#lifetimeMs,
      supersession: independent,
    });
  }

  #subject(endpoint: string, appId: string, sender: Sender): LogSubject {
    return { kind: "issue", endpoint, appId, sender };
  }
}
