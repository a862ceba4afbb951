/** Reads an account's quota from the platform, and clears it on an operator's request. */
import type { CallOptions, Credential } from "@lingpai/core";
import type { Api } from "../calls/api.ts";
import { classify } from "../errors/classify.ts";
import { InvalidAnswerError, WechatApiError } from "../errors/platform-errors.ts";
import type { SecretSource } from "../tokens/secret-source.ts";
import { sendTokenRequest } from "../tokens/token-request.ts";
import type { Platform } from "../transport/platform.ts";
import { refusalIn } from "../transport/platform-answer.ts";

/** Today's token fetches, as the platform counts them. Its day begins at 00:00 in Shanghai. */
export interface Quota {
  readonly perDay: number;
  readonly used: number;
  readonly remaining: number;
}

export interface QuotaApi {
  /**
   * Asks the platform how many of today's token fetches are used, and corrects the fleet's ledger
   * by its answer.
   *
   * @throws {WechatApiError} The platform refused.
   * @throws The errors of {@link Credential.get}.
   */
  reconcileQuota(options?: CallOptions): Promise<Quota>;
  /**
   * Sets all of today's counters of this account back to 0, with `clear_quota/v2`. The platform
   * accepts it without a token, ten times a month. The fleet's ledger begins again, and a fleet that
   * waited for quota continues. Lingpai never calls it by itself.
   *
   * @throws {WechatApiError} 48006: the month's ten clears are used up.
   */
  clearQuota(options?: CallOptions): Promise<void>;
}

export interface QuotaApiOptions {
  readonly appId: string;
  /** The endpoint from which the token is fetched. */
  readonly tokenPath: string;
  readonly credential: Credential;
  readonly api: Pick<Api, "request">;
  readonly platform: Platform;
  readonly secrets: SecretSource;
}

const path = "/cgi-bin/clear_quota/v2";

export function quotaApi({
  appId,
  tokenPath,
  credential,
  api,
  platform,
  secrets,
}: QuotaApiOptions): QuotaApi {
  return {
    async reconcileQuota(options = {}) {
      const answer = await api.request("/cgi-bin/openapi/quota/get", {
        json: { cgi_path: tokenPath },
        ...options,
      });
      const quota = quotaIn(answer["quota"]);
      await credential.reconcileQuota(quota);
      return quota;
    },
    async clearQuota({ signal } = {}) {
      await clearWithSecret({
        path,
        json: { appid: appId },
        subject: appId,
        platform,
        secrets,
        signal,
      });
      await credential.reconcileQuota({ used: 0, remaining: Number.MAX_SAFE_INTEGER });
    },
  };
}

export interface ClearRequest {
  readonly path: string;
  /** The body without the secret. */
  readonly json: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly platform: Platform;
  readonly secrets: SecretSource;
  readonly signal: AbortSignal | undefined;
}

/**
 * Clears a quota with the secret in place of a token.
 *
 * @throws {WechatApiError} The platform refused.
 */
export async function clearWithSecret({
  path,
  json,
  subject,
  platform,
  secrets,
  signal = new AbortController().signal,
}: ClearRequest): Promise<void> {
  await secrets.use(signal, async (secret) => {
    const { fields, platformNowMs } = await sendTokenRequest(platform, {
      path,
      json: { ...json, appsecret: secret },
      signal,
      secrets: [secret],
      subject,
      endpoint: "token",
    });
    const refusal = refusalIn(fields, [secret]);
    if (refusal === undefined) return;
    const row = classify("token", refusal.errcode, platform.table);
    throw new WechatApiError(`POST ${path}`, refusal, row, platformNowMs);
  });
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
