/** A store by its address, as the options and variables of every command name it. */
import { existsSync } from "node:fs";
import { CacheUnavailableError, type Store } from "@lingpai/core";

export interface OpenStore extends Store {
  close(): Promise<void>;
}

/** The forms of an address that {@link openStore} takes. */
export const storeForms = "redis://HOST:PORT, rediss://…, sqlite:FILE or postgres://…";

export function isStoreAddress(address: string): boolean {
  return /^(rediss?|postgres(ql)?):\/\/\S+$|^sqlite:\S/.test(address);
}

/**
 * Opens the store. Does not wait for a connection: the first operation tells whether there is one.
 *
 * @param seal the sealing key, 32 bytes in base64; undefined for a store in clear.
 * @throws {ConfigurationError} the key is none. @throws {CacheUnavailableError} the file is missing.
 */
export async function openStore(address: string, seal: string | undefined): Promise<OpenStore> {
  const options = { deadlineMs: 2_000, ...(seal !== undefined && { seal }) };
  if (address.startsWith("redis")) {
    const [{ Redis }, { ioredisStore }] = await Promise.all([
      import("ioredis"),
      import("@lingpai/adapter-ioredis"),
    ]);
    const redis = new Redis(address, { maxRetriesPerRequest: 1, retryStrategy: () => null });
    // Each operation reports what is wrong; without a listener ioredis prints it too.
    redis.on("error", () => {});
    return { ...ioredisStore(redis, options), close: async () => redis.disconnect() };
  }
  if (address.startsWith("sqlite:")) {
    const file = address.slice("sqlite:".length);
    if (!existsSync(file))
      throw new CacheUnavailableError(`There is no file ${file}. Check the path.`, {
        reason: "disconnected",
      });
    const { sqliteStore } = await import("@lingpai/adapter-sqlite");
    const store = sqliteStore(file, options);
    return { ...store, close: async () => {} };
  }
  const [{ default: pg }, { postgresStore }] = await Promise.all([
    import("pg"),
    import("@lingpai/adapter-postgres"),
  ]);
  const pool = new pg.Pool({ connectionString: address, connectionTimeoutMillis: 2_000 });
  return { ...postgresStore(pool, options), close: () => pool.end() };
}
