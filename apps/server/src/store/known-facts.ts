/** The facts about accounts in a configuration, for the checks of a store. */
import type { Config } from "@lingpai/config";
import type { PlatformFacts } from "@lingpai/doctor";

/** By the credential's id: for example a larger quota or another overlap. */
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
