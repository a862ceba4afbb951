/** What the platform says of an account's quota, and the operator's way to have it cleared. */
import type { CallOptions, Credential } from "@lingpai/core";
import { refusalIn } from "../transport/platform-answer.ts";
import type { Api } from "../calls/api.ts";
import { ask } from "../tokens/token-request.ts";
import { classify } from "../errors/classify.ts";
import { InvalidAnswerError, WechatApiError } from "../errors/platform-errors.ts";
import type { Platform } from "../transport/platform.ts";
import type { SecretSource } from "../tokens/secret-source.ts";

/**
 * Today's fetches of one endpoint, by the platform's count. Its day begins at 00:00 in Shanghai.
 */
export interface Quota {
  readonly perDay: number;
  readonly used: number;
  readonly remaining: number;
}

export interface QuotaDesk {
  /**
   * Asks the platform how many of today's token fetches are used, and corrects the fleet's ledger
   * by its answer.
   *
   * @throws {WechatApiError} the platform refused to tell. @throws what {@link Credential.get}
   *   throws.
   */
  reconcileQuota(options?: CallOptions): Promise<Quota>;
  /**
   * Has the platform set all of today's counters of this account back to 0, with `clear_quota/v2`:
   * that works with no token left, ten times a month. The fleet's ledger begins again and a fleet
   * that waited goes on. Never called by Lingpai itself.
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

export function quotaDesk({
  appId,
  tokenPath,
  credential,
  api,
  platform,
  secrets,
}: QuotaDeskOptions): QuotaDesk {
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
    async clearQuota({ signal = new AbortController().signal } = {}) {
      await secrets.use(signal, (secret) =>
        clear(platform, clearPath, { appid: appId, appsecret: secret }, secret, appId, signal),
      );
      await credential.reconcileQuota({ used: 0, remaining: Number.MAX_SAFE_INTEGER });
    },
  };
}

export interface ComponentQuotaOptions extends CallOptions {
  readonly componentAppId: string;
  /** The account for which to clear; undefined: the component itself. */
  readonly appId?: string | undefined;
  readonly platform: Platform;
  readonly secrets: SecretSource;
}

/**
 * `POST /cgi-bin/component/clear_quota/v2` (developers.weixin.qq.com,
 * clearComponentQuotaByAppSecret, 2026-11-28).
 */
export async function clearComponentQuota({
  componentAppId,
  appId,
  platform,
  secrets,
  ...call
}: ComponentQuotaOptions): Promise<void> {
  const { signal = new AbortController().signal } = call;
  const json = {
    component_appid: componentAppId,
    ...(appId === undefined ? {} : { appid: appId }),
  };
  await secrets.use(signal, (secret) =>
    clear(
      platform,
      "/cgi-bin/component/clear_quota/v2",
      { ...json, appsecret: secret },
      secret,
      componentAppId,
      signal,
    ),
  );
}

async function clear(
  platform: Platform,
  path: string,
  json: Readonly<Record<string, string>>,
  secret: string,
  subject: string,
  signal: AbortSignal,
): Promise<void> {
  const { fields, platformNowMs } = await ask(platform, {
    path,
    json,
    signal,
    secrets: [secret],
    subject,
    endpoint: "token",
  });
  const refusal = refusalIn(fields, [secret]);
  if (refusal === undefined) return;
  throw new WechatApiError(
    `POST ${path}`,
    refusal,
    classify("token", refusal.errcode, platform.table),
    platformNowMs,
  );
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
