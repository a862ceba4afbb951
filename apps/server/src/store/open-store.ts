/** Opens a store by its address, for every command that takes one. */
import { existsSync } from "node:fs";
import { CacheUnavailableError } from "@lingpai/core";
import type { Keyring, Store } from "@lingpai/core";
import type { RedisPort } from "@lingpai/redis";
import { parseStoreAddress } from "./store-address.ts";
import type { RedisLogin, StoreAddress } from "./store-address.ts";

export interface OpenStore extends Store {
  /** The client of a Redis store, for commands that only Redis has. */
  readonly redis?: RedisPort;
  /** Closes the connections that were opened for it. */
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** 32 bytes in base64, or a keyring. Undefined for a store in clear text. */
  readonly seal?: string | Keyring | undefined;
  /**
   * True for a command that reads and exits: an unreachable server is reported at once and not
   * retried, and a SQLite file is not created.
   * @defaultValue false
   */
  readonly isOneShot?: boolean;
}

type StoreOptions = { readonly deadlineMs?: number; readonly seal?: string | Keyring };

/**
 * Opens the store. It does not wait for a connection, so the first operation shows whether there is
 * one.
 *
 * @throws {ConfigurationError} The address or the key is invalid.
 * @throws {CacheUnavailableError} The file of a one-shot command is missing.
 */
export async function openStore(
  address: string,
  { isOneShot = false, seal }: OpenStoreOptions = {},
): Promise<OpenStore> {
  const options: StoreOptions = {
    ...(isOneShot && { deadlineMs: 5_000 }),
    ...(seal !== undefined && { seal }),
  };
  const parsed = parseStoreAddress(address);
  switch (parsed.kind) {
    case "sqlite":
      return sqliteAt(parsed.file, options, isOneShot);
    case "postgres":
      return postgresAt(parsed.url, options);
    default:
      return redisAt(parsed, options, isOneShot);
  }
}

async function sqliteAt(
  file: string,
  options: StoreOptions,
  mustExist: boolean,
): Promise<OpenStore> {
  if (mustExist && !existsSync(file))
    throw new CacheUnavailableError(`There is no file ${file}. Check the path.`, {
      reason: "disconnected",
    });
  const { sqliteStore } = await import("@lingpai/adapter-sqlite");
  const { cache, lock } = sqliteStore(file, options);
  return { cache, lock, close: () => cache.close() };
}

async function postgresAt(url: string, options: StoreOptions): Promise<OpenStore> {
  const [{ default: pg }, { postgresStore }] = await Promise.all([
    import("pg"),
    import("@lingpai/adapter-postgres"),
  ]);
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // The pool replaces an idle connection that breaks. Without a listener the error event would end
  // the process.
  pool.on("error", () => {});
  const { cache, lock } = postgresStore(pool, options);
  return {
    cache,
    lock,
    async close() {
      await cache.close();
      await pool.end();
    },
  };
}

async function redisAt(
  address: Extract<StoreAddress, { readonly kind: "redis" | "sentinel" | "cluster" }>,
  options: StoreOptions,
  isOneShot: boolean,
): Promise<OpenStore> {
  const [{ Cluster, Redis }, { ioredisStore }, { ioredisPort }] = await Promise.all([
    import("ioredis"),
    import("@lingpai/adapter-ioredis"),
    import("@lingpai/redis"),
  ]);
  const patience = isOneShot
    ? {
        maxRetriesPerRequest: 1,
        retryStrategy: () => null,
        // The ready check prints a line of its own where INFO is refused.
        enableReadyCheck: false,
        // Otherwise a connection that never was keeps the process for two more seconds.
        disconnectTimeout: 0,
      }
    : { maxRetriesPerRequest: 1, connectTimeout: 2_000 };
  const client =
    address.kind === "redis"
      ? new Redis(address.url, patience)
      : address.kind === "sentinel"
        ? new Redis({
            ...patience,
            ...loginOptions(address.login),
            sentinels: [...address.nodes],
            name: address.name,
            failoverDetector: true,
            ...(isOneShot && { sentinelRetryStrategy: () => null }),
            enableTLSForSentinelMode: address.login.isTls,
            ...(address.login.isTls && { sentinelTLS: {} }),
            ...(address.sentinelPassword !== undefined && {
              sentinelPassword: address.sentinelPassword,
            }),
          })
        : new Cluster([...address.nodes], {
            redisOptions: { ...patience, ...loginOptions(address.login), socketTimeout: 1_500 },
          });
  // Each operation reports its own error. Without a listener ioredis would print it too.
  client.on("error", () => {});
  try {
    return opened(client, ioredisStore(client, options), ioredisPort(client));
  } catch (error) {
    // It would connect for ever, and keep a process that cannot start from ending.
    client.disconnect();
    throw error;
  }
}

function opened(
  client: { disconnect(): void },
  { cache, lock }: Store,
  redis: RedisPort,
): OpenStore {
  return {
    cache,
    lock,
    redis,
    async close() {
      await cache.close();
      client.disconnect();
    },
  };
}

function loginOptions({ db, isTls, password, username }: RedisLogin): {
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: object;
} {
  return {
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  };
}
