/** A cache and a lock of one store, sealed by one option. Most users pass this to a client. */
import { createHash } from "node:crypto";
import type { Cache } from "./cache/cache.ts";
import { ConfigurationError } from "./errors.ts";
import { keyring } from "./sealing/keyring.ts";
import type { Keyring } from "./sealing/keyring.ts";
import { requireCache, requireLock, requireObject, requireOptions } from "./options.ts";
import type { Lock } from "./lock/lock.ts";
import { sealed } from "./sealing/sealed.ts";

/**
 * The cache that holds a fleet's credentials, and the lock that guards their refresh. Both belong
 * to one store, so they are reachable or lost together.
 */
export interface Store {
  readonly cache: Cache;
  readonly lock: Lock;
}

export interface StoreOptions {
  /**
   * The key that seals what is stored: 32 bytes as 64 hexadecimal digits or base64
   * (`openssl rand -base64 32`), the same on every node. Pass a {@link Keyring} to rotate keys.
   * Undefined, for example from a variable that is not set, means unsealed: tokens are then
   * readable in the store and in traces of the store's driver.
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
  requireOptions("The store's options", options, { seal: ["text", "object"] });
  const { seal } = options;
  if (seal === undefined) return Object.freeze({ cache, lock });
  return Object.freeze({
    cache: sealed(cache, typeof seal === "string" ? ringOf(seal) : seal),
    lock,
  });
}

/**
 * Makes a keyring of one key. The id is derived from the key, so two keys never have the same id,
 * and a keyring with that id opens what this one sealed.
 */
function ringOf(key: string): Keyring {
  const id = createHash("sha256").update(`lingpai/key-id\0${key}`).digest("hex").slice(0, 8);
  return keyring({ active: { id, key } });
}

/**
 * Returns the store that these options name: `store`, or `cache` and `lock`.
 *
 * @throws {ConfigurationError} with the rule `store` when they name none, half of one, or two.
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
        : "The store is not an object with cache and lock";
  throw new ConfigurationError(
    `${what}. Give \`store\`, such as ioredisStore(redis, { seal }), or \`cache\` and \`lock\` of one client.`,
    {
      rule: "store",
    },
  );
}
