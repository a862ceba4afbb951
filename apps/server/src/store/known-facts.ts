/** What a configuration says of its accounts beyond their ids, for the checks of a store. */
import type { Config } from "@lingpai/config";
import type { PlatformFacts } from "@lingpai/doctor";

/** By the credential's id: a larger quota, another overlap. */
export function knownFacts({ apps }: Config): Readonly<Record<string, Partial<PlatformFacts>>> {
  return Object.fromEntries(
    Object.values(apps).map(({ appId, mode, overlapMs, quotaPerDay }) => [
      `wechat:${mode}:${appId}`,
      {
        ...(overlapMs !== undefined && { overlapMs }),
        ...(quotaPerDay !== undefined && { fetchesPerDay: quotaPerDay }),
      },
    ]),
  );
}
