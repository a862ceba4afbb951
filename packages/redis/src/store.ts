/** The state that all caches and locks over one client share. */
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
  /** Undefined if the client cannot subscribe: changes are then not pushed. */
  readonly subscriptions: Subscriptions | undefined;
  /** The last name that was used. */
  lastName: string;
  /** Runs {@link RedisPort.recover}, one at a time. */
  recover(): void;
  /** Called for a change that was made but not announced. Warns once. */
  notAnnounced(): void;
  /**
   * As {@link RedisPort.keyPrefix}. If the client does not say, undefined until {@link keyPrefixOf}
   * has asked the server.
   */
  keyPrefix: string | undefined;
}

/**
 * Returns one store for each client, however often it is called. A cache and a lock over one client
 * share one subscriber connection, and the client is all that they have in common. A store lives as
 * long as its client.
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
        process.emitWarning(`Redis (${port.kind}): ${changeFeedOff}`, { code: "LINGPAI_NEWS_OFF" });
      isWarned = true;
    },
  };
}

/** The warning for a user that may not announce changes. */
export const changeFeedOff: string =
  "changes are not announced, because this user may not PUBLISH on its channels. Other nodes see them late, at their next reading. " +
  "Grant +publish and the channels that the README's ACL line lists; on Redis 7 a user has none by default.";

/**
 * Runs a script by its digest, and by its text if the server does not know it.
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

/** Runs the text of a script if the server did not know its digest; otherwise throws the error. */
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
 * Returns the client's own key prefix. It asks the server, because not every client says. This also
 * proves that the client is connected.
 *
 * @throws {ConfigurationError} `CONFIGURATION` if it contains a brace and the server is a Cluster.
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
    "The Cluster client's keyPrefix contains a brace, which would be the hash tag of every key. Choose one without, or use withPrefix.",
  );
}
