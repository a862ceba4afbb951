/** Clears the quota of a third-party platform, or of an account that authorised it. */
import type { CallOptions } from "@lingpai/core";
import { clearWithSecret } from "../account/quota-api.ts";
import type { SecretSource } from "../tokens/secret-source.ts";
import type { Platform } from "../transport/platform.ts";

export interface ComponentQuotaOptions extends CallOptions {
  readonly componentAppId: string;
  /** The account whose quota is cleared. Undefined: the component's own. */
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
  signal,
}: ComponentQuotaOptions): Promise<void> {
  const json = {
    component_appid: componentAppId,
    ...(appId === undefined ? {} : { appid: appId }),
  };
  const path = "/cgi-bin/component/clear_quota/v2";
  await clearWithSecret({ path, json, subject: componentAppId, platform, secrets, signal });
}
