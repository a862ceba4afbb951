/** The first server key of an installation. */
import { withLease } from "@lingpai/core";
import type { Lock } from "@lingpai/core";
import type { ServerKeys } from "@lingpai/server";

export interface FirstKey {
  readonly id: string;
  readonly key: string;
}

export async function hasActiveKey(keys: ServerKeys): Promise<boolean> {
  return (await keys.list()).some(({ revokedAtMs }) => revokedAtMs === undefined);
}

/**
 * Makes a key with all rights if there is none. Of several replicas that start at once, one makes
 * it.
 */
export async function makeFirstKey(keys: ServerKeys, lock: Lock): Promise<FirstKey | undefined> {
  if (await hasActiveKey(keys)) return undefined;
  return withLease(lock, "first-key", { ttlMs: 10_000, waitMs: 20_000 }, async () => {
    if (await hasActiveKey(keys)) return undefined;
    const rights = ["read", "reject", "refresh", "revoke", "admin"] as const;
    return keys.create({ name: "first", rights, refs: ["*"] });
  });
}
