/** What the platform says of an account's quota, and the operator's way to have it cleared. */
import type { CallOptions, Credential } from "@lingpai/core";
import { refusalIn } from "./answer.ts";
import type { Api } from "./api.ts";
import { ask } from "./ask.ts";
import { classify } from "./classify.ts";
import { InvalidAnswerError, WechatApiError } from "./errors.ts";
import type { Platform } from "./platform.ts";
import type { SecretSource } from "./secret-source.ts";

/** Today's fetches of one endpoint, by the platform's count. Its day begins at 00:00 in Shanghai. */
export interface Quota {
  readonly perDay: number;
  readonly used: number;
  readonly remaining: number;
}

export interface QuotaDesk {
  /**
   * Asks the platform how many of today's token fetches are used, and corrects the fleet's ledger by its answer.
   *
   * @throws {WechatApiError} the platform refused to tell. @throws what {@link Credential.get} throws.
   */
  reconcileQuota(options?: CallOptions): Promise<Quota>;
  /**
   * Has the platform set all of today's counters of this account back to 0, with `clear_quota/v2`: that works with no token left, ten times a month. The fleet's
   * ledger begins again and a fleet that waited goes on. Never called by Lingpai itself.
   *
   * @throws {WechatApiError} 48006: the month's clears are used up.
   */
  clearQuota(options?: CallOptions): Promise<void>;
}

export interface QuotaDeskOptions {
  readonly appId: string;
  /** The endpoint that the token is fetched from. */
  readonly tokenPath: string;
  readonly credential: Credential;
  readonly api: Pick<Api, "request">;
  readonly platform: Platform;
  readonly secrets: SecretSource;
}

const clearPath = "/cgi-bin/clear_quota/v2";

export function quotaDesk({ appId, tokenPath, credential, api, platform, secrets }: QuotaDeskOptions): QuotaDesk {
  return {
    async reconcileQuota(options = {}) {
      const answer = await api.request("/cgi-bin/openapi/quota/get", { json: { cgi_path: tokenPath }, ...options });
      const quota = quotaIn(answer["quota"]);
      await credential.reconcileQuota(quota);
      return quota;
    },
    async clearQuota({ signal = new AbortController().signal } = {}) {
      await secrets.use(signal, async (secret) => {
        const question = {
          path: clearPath,
          json: { appid: appId, appsecret: secret },
          signal,
          secrets: [secret],
          subject: appId,
          endpoint: "token",
        } as const;
        const { fields, platformNowMs } = await ask(platform, question);
        const refusal = refusalIn(fields, [secret]);
        if (refusal !== undefined)
          throw new WechatApiError(`POST ${clearPath}`, refusal, classify("token", refusal.errcode), platformNowMs);
      });
      await credential.reconcileQuota({ used: 0, remaining: Number.MAX_SAFE_INTEGER });
    },
  };
}

function quotaIn(value: unknown): Quota {
  const fields = new Map(Object.entries(typeof value === "object" && value !== null ? value : {}));
  const count = (name: string): number => {
    const found: unknown = fields.get(name);
    if (typeof found === "number" && Number.isSafeInteger(found) && found >= 0) return found;
    throw new InvalidAnswerError(`its quota has no ${name}`);
  };
  return { perDay: count("daily_limit"), used: count("used"), remaining: count("remain") };
}
