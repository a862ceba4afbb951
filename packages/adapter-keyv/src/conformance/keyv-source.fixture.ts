/** The access of one process to a store through a Keyv. */
import type { Source } from "@lingpai/test-databases";
import { keyvCache, keyvLock } from "../index.ts";
import type { KeyvLike, KeyvLockOptions } from "../index.ts";

export function keyvSource(
  keyv: KeyvLike,
  { guarantee, ...shared }: Pick<KeyvLockOptions, "guarantee" | "native">,
  rest: Pick<Source, "close" | "end">,
): Source {
  return {
    cache: (options) => keyvCache(keyv, { ...options, ...shared }),
    lock: (options) => keyvLock(keyv, { ...options, ...shared, ...(guarantee && { guarantee }) }),
    ...rest,
    ...(guarantee === "advisory" && {
      demandFencing: async () => keyvLock(keyv, { ...shared, guarantee: "fenced" }),
    }),
  };
}
