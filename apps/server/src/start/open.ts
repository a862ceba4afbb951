/** Opens what every command of the server needs: its configuration, its store and its keys. */
import { join } from "node:path";
import { inStore, openConfig } from "@lingpai/config";
import type { ConfigEvent, ConfigSource, LiveConfig } from "@lingpai/config";
import { CacheUnavailableError, delay, systemClock } from "@lingpai/core";
import type { Cache, Clock, Store } from "@lingpai/core";
import { serverKeys } from "@lingpai/server";
import type { ServerKeys } from "@lingpai/server";
import { openStore } from "../store/open-store.ts";
import type { OpenStore } from "../store/open-store.ts";
import { sealFileIn } from "../store/seal-key.ts";
import type { SealFile } from "../store/seal-key.ts";

export interface OpenOptions {
  readonly sources: readonly ConfigSource[];
  /** @defaultValue the variable `LINGPAI_ENVIRONMENT` */
  readonly environment?: string | undefined;
  /**
   * Hosts beside the platform's own that may receive an AppSecret, and private hosts that may
   * receive webhooks.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** A sealing key, if the configuration has none. */
  readonly seal?: string | undefined;
  readonly onConfigEvent?: (event: ConfigEvent) => void;
  readonly clock?: Clock;
}

export interface Opened {
  readonly config: LiveConfig;
  /** Sealed if there is a key, and below the configured prefix. */
  readonly store: Store;
  /** The data of this environment's servers: keys, events, deliveries. */
  readonly own: Store;
  readonly keys: ServerKeys;
  /** The client of a Redis store. */
  readonly redis: OpenStore["redis"];
  readonly address: string;
  readonly isSealed: boolean;
  /** The key file of a server without a configured key. */
  readonly sealFile: SealFile | undefined;
  close(): Promise<void>;
}

/** @throws {ConfigurationError} The configuration, the store's address or its key is invalid. */
export async function open(options: OpenOptions): Promise<Opened> {
  const { allowedHosts = [], clock = systemClock, environment, onConfigEvent, sources } = options;
  const config = await openConfig({
    sources,
    allowedHosts,
    clock,
    ...(environment !== undefined && { environment }),
    ...(onConfigEvent !== undefined && { onEvent: onConfigEvent }),
  });
  let closeStore = async (): Promise<void> => {};
  try {
    const { server, store: given } = config.current;
    const file = join(server.dataDirectory, "lingpai.sqlite");
    const address = given.url?.reveal() ?? `sqlite:${file}`;
    const isOwn = given.url === undefined;
    const needsFile = isOwn && given.keyring === undefined && options.seal === undefined;
    const sealFile = needsFile ? await sealFileIn(server.dataDirectory, file) : undefined;
    const seal = given.keyring === undefined ? (options.seal ?? sealFile?.key) : undefined;
    const opened = await openStore(address, { seal });
    closeStore = () => opened.close();
    await reachable(opened.cache, clock);
    const store = inStore(config, opened);
    const of = config.current.environment;
    const own = { cache: store.cache.withPrefix(of), lock: store.lock.withPrefix(of) };
    return {
      config,
      store,
      own,
      keys: serverKeys({ cache: own.cache, clock }),
      redis: opened.redis,
      address,
      isSealed: given.keyring !== undefined || seal !== undefined,
      sealFile,
      async close() {
        await config.close();
        await opened.close();
      },
    };
  } catch (error) {
    await closeStore();
    await config.close();
    throw error;
  }
}

const reachableMs = 15_000;
const pauseMs = 250;

/**
 * Longer than usual, because the store may start beside the server, and the machine may be busy.
 */
async function reachable(cache: Cache, clock: Clock): Promise<void> {
  const untilMs = clock.monotonicMs() + reachableMs;
  for (;;) {
    try {
      await cache.get("lingpai-server");
      return;
    } catch (error) {
      const isAway = error instanceof CacheUnavailableError && error.retryable;
      if (!isAway || clock.monotonicMs() > untilMs) throw error;
      await delay(clock, pauseMs);
    }
  }
}
