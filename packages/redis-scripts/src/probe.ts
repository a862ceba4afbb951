/** A start-up check: can this client's server, user and proxy do everything that the adapter will ask of them? */
import { CacheUnavailableError, nameOf, scopeOf, systemClock, systemRandom } from "@lingpai/core";
import type { Clock } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
import { redisError, refusedCommandOf } from "./errors.ts";
import { changesChannel } from "./layout.ts";
import { withinLimit } from "./limit.ts";
import type { RedisPort } from "./port.ts";
import { attemptScript } from "./scripts.ts";
import { keyPrefixOf } from "./store.ts";
import type { RedisStore } from "./store.ts";

export interface ProbeOptions {
  /** The prefix segments under which the caches and locks will work, so that access rules are judged as they will be. @defaultValue none */
  readonly path?: readonly string[];
  /** Measures how long an answer takes. @defaultValue the machine's clock */
  readonly clock?: Clock;
}

const canary = "lingpai.probe";
const canaryTtlMs = 10_000;

/**
 * Runs every script on a canary key, subscribes, scans, and reads the eviction policy. Writes one entry, which it removes, and one
 * fence, which stays. Returns warnings, in plain text: what works less well than it could.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE` when caches and locks would not work, naming the refused command; with the reason `timeout`
 * when an answer takes longer than 5 s.
 */
export async function probeRedis(given: RedisStore, options: ProbeOptions = {}): Promise<readonly string[]> {
  const { path = [], clock = systemClock } = options;
  const scope = scopeOf(path);
  const store = { ...given, port: bounded(given.port, clock) };
  try {
    const prefix = await keyPrefixOf(store, scope);
    await attemptEach(store, nameOf(path, `${canary}.attempt`));
    await exercise(store, nameOf(path, canary));
    await (
      await store.subscriptions.subscribe(prefix + changesChannel(scope), () => {})
    )();
    return await warnings(store);
  } catch (error) {
    throw redisError(error, store.port.kind);
  }
}

/** The same port, with an end to each wait. */
function bounded(port: RedisPort, clock: Clock): RedisPort {
  const within = <T>(answer: Promise<T>): Promise<T> => withinLimit(answer, clock, `Redis (${port.kind})`);
  return {
    ...port,
    evalsha: (...call) => within(port.evalsha(...call)),
    eval: (...call) => within(port.eval(...call)),
    async primaries() {
      const nodes = await within(Promise.resolve(port.primaries()));
      return nodes.map((node) => ({ command: (...parts) => within(node.command(...parts)) }));
    },
  };
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
    if ((await unlessRefused(node.command("SCAN", "0", "COUNT", "1"))) === undefined)
      found.add("SCAN is refused: clear() and keys() will not work. Grant +scan if they are needed.");
    const memory = await unlessRefused(node.command("INFO", "memory"));
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

/** Undefined when the server does not obey; no answer at all is not a matter for a warning. */
async function unlessRefused(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CacheUnavailableError) throw error;
    return undefined;
  }
}
