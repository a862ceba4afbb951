/** A cache and a lock of one store, sealed by one option: what most users pass to a client. */
import { createHash } from "node:crypto";
import type { Cache } from "./cache/cache.ts";
import { ConfigurationError } from "./errors.ts";
import { keyring } from "./sealing/keyring.ts";
import type { Keyring } from "./sealing/keyring.ts";
import { requireCache, requireKnown, requireLock, requireObject } from "./options.ts";
import type { Lock } from "./lock/lock.ts";
import { sealed } from "./sealing/sealed.ts";

/**
 * Where a fleet keeps its credentials, and what guards their refresh: both are lost or reachable
 * together.
 */
export interface Store {
  readonly cache: Cache;
  readonly lock: Lock;
}

export interface StoreOptions {
  /**
   * Seals what is stored: 32 bytes as 64 hexadecimal digits or base64 (`openssl rand -base64 32`),
   * the same on every node; or a {@link Keyring}, to rotate. Undefined, as of a variable that is
   * not set, leaves all unsealed. Without it tokens lie in the store in clear, and in the traces of
   * whoever traces its driver.
   * @defaultValue unsealed
   */
  readonly seal?: string | Keyring | undefined;
}

/**
 * Joins a cache and a lock of one client.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when `seal` is neither a key nor a keyring.
 */
export function createStore(cache: Cache, lock: Lock, options: StoreOptions = {}): Store {
  requireCache(cache);
  requireLock(lock);
  requireKnown("The store's options", options, ["seal"]);
  const { seal } = options;
  if (seal === undefined) return Object.freeze({ cache, lock });
  return Object.freeze({
    cache: sealed(cache, typeof seal === "string" ? ringOf(seal) : seal),
    lock,
  });
}

/**
 * The key's id is derived from it, so that two keys never bear one id, and a key means the same as
 * variable and in a keyring of the id.
 */
function ringOf(key: string): Keyring {
  const id = createHash("sha256").update(`lingpai/key-id\0${key}`).digest("hex").slice(0, 8);
  return keyring({ active: { id, key } });
}

/**
 * The store of these options: `store`, or `cache` and `lock` one by one.
 *
 * @throws {ConfigurationError} `store`: there is none, half of one, or two.
 */
export function storeFrom(options: Partial<Store> & { readonly store?: Store }): Store {
  requireObject("The options", options);
  const { store, cache, lock } = options;
  if (store === undefined && cache !== undefined && lock !== undefined) return { cache, lock };
  const isWhole =
    typeof store === "object" && store !== null && "cache" in store && "lock" in store;
  if (isWhole && cache === undefined && lock === undefined) return store;
  const what =
    store === undefined
      ? "There is no store"
      : isWhole
        ? "There is a store, and a cache or a lock beside it"
        : "The store is none";
  throw new ConfigurationError(
    `${what}. Give \`store\`, such as ioredisStore(redis, { seal }), or \`cache\` and \`lock\` of one client.`,
    {
      rule: "store",
    },
  );
}
