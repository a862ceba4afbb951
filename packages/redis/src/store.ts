/** What all caches and locks over one client share. */
import { ConfigurationError } from "@lingpai/core";
import { serverCode } from "./errors.ts";
import { scopeProbe } from "./layout.ts";
import type { RedisPort } from "./port.ts";
import { echoScript } from "./scripts.ts";
import type { Script } from "./scripts.ts";
import { createSubscriptions } from "./subscriptions.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface RedisStore {
  readonly port: RedisPort;
  /** Undefined where the client cannot subscribe: nothing is then told unasked. */
  readonly subscriptions: Subscriptions | undefined;
  /** The last name that was asked for. */
  lastName: string;
  /** As {@link RedisPort.recover}, one at a time. */
  recover(): void;
  /** Called for a change that was made and that nobody was told of. Warns once. */
  notAnnounced(): void;
  /**
   * As {@link RedisPort.keyPrefix}; where the client does not tell, undefined until
   * {@link keyPrefixOf} has asked.
   */
  keyPrefix: string | undefined;
}

/**
 * One store for each client, however often it is asked for: a cache and a lock over one client are
 * to share one subscriber connection, and the client is all that they have in common. A store lives
 * as long as its client.
 */
export function storesByClient<C extends object>(
  portOf: (client: C) => RedisPort,
): (client: C) => RedisStore {
  const stores = new WeakMap<C, RedisStore>();
  return (client) => {
    const known = stores.get(client);
    if (known !== undefined) return known;
    const store = createRedisStore(portOf(client));
    stores.set(client, store);
    return store;
  };
}

export function createRedisStore(port: RedisPort): RedisStore {
  let isWarned = false;
  let recovering: Promise<void> | undefined;
  return {
    port,
    lastName: "",
    recover() {
      recovering ??= port.recover?.(this.lastName).then(
        () => (recovering = undefined),
        () => (recovering = undefined),
      );
    },
    subscriptions: port.openSubscriber && createSubscriptions(port.openSubscriber),
    keyPrefix: port.keyPrefix,
    notAnnounced() {
      if (!isWarned)
        process.emitWarning(`Redis (${port.kind}): ${newsOff}`, { code: "LINGPAI_NEWS_OFF" });
      isWarned = true;
    },
  };
}

/** What it means, and what to do, when the user may not announce changes. */
export const newsOff: string =
  "changes are not announced, because this user may not PUBLISH on its channels. Other nodes see them late, at their next reading. " +
  "Grant +publish and the channels that the README's ACL line lists; on Redis 7 a user has none by default.";

/**
 * Runs a script by its digest, and by its text when the server has not seen it or has forgotten it.
 */
export async function runScript(
  port: RedisPort,
  script: Script,
  keys: string[],
  args: string[],
): Promise<unknown> {
  try {
    return await port.evalsha(script, keys, args);
  } catch (error) {
    return runByText(error, port, script, keys, args);
  }
}

/** What to do when the digest alone has failed: run the text if that was why. */
export async function runByText(
  error: unknown,
  port: RedisPort,
  script: Script,
  keys: string[],
  args: string[],
): Promise<unknown> {
  if (serverCode(error) !== "NOSCRIPT") throw error;
  return port.eval(script, keys, args);
}

/**
 * The client's own key prefix, asked of the server because not every client tells. Also proves that
 * the client is connected.
 *
 * @throws {ConfigurationError} `CONFIGURATION` when it holds a brace and the server is a Cluster.
 */
export async function keyPrefixOf(store: RedisStore, scope: string): Promise<string> {
  const probe = scopeProbe(scope);
  const seen = String(await runScript(store.port, echoScript, [probe], []));
  const prefix = seen.slice(0, seen.length - probe.length);
  if (store.port.isCluster) requirePlainPrefix(prefix);
  store.keyPrefix = prefix;
  return prefix;
}

/**
 * @throws {ConfigurationError} `CONFIGURATION` for a brace: it would move the hash tag, and all
 *   names of the client into one slot.
 */
export function requirePlainPrefix(keyPrefix: string): void {
  if (!/[{}]/.test(keyPrefix)) return;
  throw new ConfigurationError(
    "The Cluster client's keyPrefix holds a brace, which would be the hash tag of every key. Choose one without, or use withPrefix.",
  );
}
