/** A start-up check: can this client's server, user and proxy do everything that the adapter will ask of them? */
import { CacheUnavailableError, nameOf, scopeOf, systemRandom } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
import { redisError, refusedCommandOf } from "./errors.ts";
import { changesChannel } from "./layout.ts";
import { attemptScript } from "./scripts.ts";
import { keyPrefixOf } from "./store.ts";
import type { RedisStore } from "./store.ts";

export interface ProbeOptions {
  /** The prefix segments under which the caches and locks will work, so that access rules are judged as they will be. @defaultValue none */
  readonly path?: readonly string[];
}

const canary = "lingpai.probe";
const canaryTtlMs = 10_000;

/**
 * Runs every script on a canary key, subscribes, scans, and reads the eviction policy. Writes one entry, which it removes, and one
 * fence, which stays. Returns warnings, in plain text: what works less well than it could.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE`, naming the refused command, when caches and locks would not work.
 */
export async function probeRedis(store: RedisStore, options: ProbeOptions = {}): Promise<readonly string[]> {
  const path = options.path ?? [];
  const scope = scopeOf(path);
  try {
    const prefix = await keyPrefixOf(store, scope);
    await attemptEach(store, nameOf(path, `${canary}.attempt`));
    await exercise(store, nameOf(path, canary));
    await (
      await store.subscriptions.subscribe(prefix + changesChannel(scope), () => {})
    )();
  } catch (error) {
    throw redisError(error, store.port.kind);
  }
  return warnings(store);
}

async function exercise(store: RedisStore, name: string): Promise<void> {
  const cache = createRedisCacheDriver(store);
  const lock = createRedisLockDriver(store);
  const owner = systemRandom.id();
  await cache.set(name, "", { version: owner, ttlMs: canaryTtlMs, ifVersion: undefined });
  await cache.get(name);
  await cache.delete(name, owner);
  await lock.tryAcquire(name, owner, canaryTtlMs);
  await lock.extend(name, owner, canaryTtlMs);
  await lock.release(name, owner);
}

/** The commands that the scripts run, each with arguments that do no harm; `KEY` stands for the canary. */
const commands: readonly (readonly string[])[] = [
  ["time"],
  ["get", "KEY"],
  ["getrange", "KEY", "0", "0"],
  ["exists", "KEY"],
  ["pttl", "KEY"],
  ["set", "KEY", "", "px", "1"],
  ["pexpire", "KEY", "1"],
  ["del", "KEY"],
];

/** Each alone, because a server does not say which command of a script its user may not run. */
async function attemptEach({ port }: RedisStore, name: string): Promise<void> {
  for (const command of [...commands, ["publish", name, ""]]) {
    try {
      await port.eval(attemptScript, [name], [...command]);
    } catch (error) {
      const failure = redisError(error, port.kind);
      if (!(failure instanceof CacheUnavailableError) || failure.reason !== "forbidden") throw failure;
      const text = `Redis (${port.kind}) refuses "${refusedCommandOf(error) ?? command[0]}". Grant it to this user, or do without the proxy that lacks it.`;
      throw new CacheUnavailableError(text, { reason: "forbidden", retryable: false });
    }
  }
}

async function warnings(store: RedisStore): Promise<string[]> {
  const found = new Set<string>();
  for (const node of await store.port.primaries()) {
    await node
      .command("SCAN", "0", "COUNT", "1")
      .catch(() => found.add("SCAN is refused: clear() and keys() will not work. Grant +scan if they are needed."));
    const memory = await node.command("INFO", "memory").catch(() => undefined);
    const policy = memory === undefined ? undefined : /maxmemory_policy:(\S+)/.exec(String(memory))?.[1];
    if (policy === undefined)
      found.add("The eviction policy cannot be read (INFO is refused). Make sure that maxmemory-policy is noeviction.");
    else if (policy !== "noeviction") {
      found.add(
        `maxmemory-policy is ${policy}: under pressure Redis may drop credentials, locks and fences. Set it to noeviction, or use a server of its own.`,
      );
    }
  }
  return [...found];
}
