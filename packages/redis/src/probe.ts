/**
 * A start-up check that this client's server, user and proxy support everything that the adapter
 * uses.
 */
import { CacheUnavailableError, systemClock, systemRandom } from "@lingpai/core";
import { claimsPath, nameOf, scopeOf } from "@lingpai/core/driver";
import type { Clock } from "@lingpai/core";
import { createRedisCacheDriver, createRedisLockDriver } from "./driver.ts";
import { isCheckedScript, redisError, refusedCommandOf } from "./errors.ts";
import { changesChannel } from "./layout.ts";
import { withinLimit } from "./limit.ts";
import type { RedisPort } from "./port.ts";
import { announceScript, attemptScripts, readingCommands } from "./scripts.ts";
import { keyPrefixOf, changeFeedOff, runScript } from "./store.ts";
import type { RedisStore } from "./store.ts";
import { tracedAmong } from "./tracing.ts";

export interface ProbeOptions {
  /**
   * The prefix segments of the caches and locks, so that access rules are checked for the real
   * names.
   * @defaultValue none
   */
  readonly path?: readonly string[];
  /** A consumer only reads, so only that is checked. @defaultValue "owner" */
  readonly role?: "owner" | "consumer";
  /**
   * True if the cache is sealed: `ioredisStore(redis, { seal })`. @defaultValue false, and tracing
   * causes a warning
   */
  readonly isSealed?: boolean;
  /** Measures how long an answer takes. @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/** What works worse than it could, and which part of the probe saw it. */
export interface ProbeNote {
  readonly about: "tracing" | "frozen" | "publish" | "subscribe" | "scan" | "eviction";
  readonly text: string;
}

const canary = "lingpai.probe";
const canaryTtlMs = 10_000;

/**
 * Runs every script on a canary key, under the path and in the registry of claims. It also
 * subscribes, scans, and reads the eviction policy. It writes one entry, which it removes, and one
 * fence, which stays; as a consumer it writes nothing. Returns warnings in plain text about what
 * works worse than it could, such as changes that are not announced.
 *
 * @throws {CacheUnavailableError} `CACHE_UNAVAILABLE` if caches and locks would not work. It names
 *   the refused command and key. Its reason is `timeout` if an answer takes longer than 5 s.
 */
export async function probeRedis(
  given: RedisStore,
  options: ProbeOptions = {},
): Promise<readonly string[]> {
  return (await probeNotes(given, options)).map(({ text }) => text);
}

/** As {@link probeRedis}, with the part of the probe that each warning comes from. */
export async function probeNotes(
  given: RedisStore,
  options: ProbeOptions = {},
): Promise<readonly ProbeNote[]> {
  const { path = [], role = "owner", isSealed = false, clock = systemClock } = options;
  const scope = scopeOf(path);
  const store = { ...given, port: bounded(given.port, clock) };
  try {
    const prefix = await keyPrefixOf(store, scope);
    for (const each of [path, claimsPath])
      await attemptEach(store, nameOf(each, `${canary}.attempt`), role);
    if (role === "owner") await exercise(store, nameOf(path, canary));
    const traced = isSealed ? [] : tracedAmong(store.port.traceChannels);
    const tracing = traced.map((channel) =>
      note(
        "tracing",
        `This client's commands are traced (${channel}), so the traces contain unsealed tokens. Seal the store.`,
      ),
    );
    return [
      ...tracing,
      ...(store.port.frozenWarning === undefined ? [] : [note("frozen", store.port.frozenWarning)]),
      ...(await changeFeedWarnings(
        store,
        prefix + changesChannel(scope),
        nameOf(path, canary),
        role,
      )),
      ...(await warnings(store, role)),
    ];
  } catch (error) {
    throw redisError(error, store.port.kind);
  }
}

function note(about: ProbeNote["about"], text: string): ProbeNote {
  return { about, text };
}

/** Returns the same port with a limit for each wait. */
function bounded(port: RedisPort, clock: Clock): RedisPort {
  const within = <T>(answer: Promise<T>): Promise<T> =>
    withinLimit(answer, clock, `Redis (${port.kind})`);
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

/** Tries each command alone, because a server does not say which command of a script is refused. */
async function attemptEach(
  { port }: RedisStore,
  name: string,
  role: "owner" | "consumer",
): Promise<void> {
  for (const script of attemptScripts) {
    if (role === "consumer" && !readingCommands.includes(script.name)) continue;
    try {
      await port.eval(script, [name], []);
    } catch (error) {
      const failure = redisError(error, port.kind);
      if (!(failure instanceof CacheUnavailableError) || failure.reason !== "forbidden")
        throw failure;
      // Its remedy is another one than for an access rule.
      if (isCheckedScript(error)) throw failure;
      const what = `Redis (${port.kind}) refuses "${refusedCommandOf(error) ?? script.name}" on "${name}".`;
      const remedy =
        "Grant this user the commands and the keys (~) that the README's ACL line lists, or bypass the proxy that refuses.";
      throw new CacheUnavailableError(`${what} ${remedy}`, {
        reason: "forbidden",
        retryable: false,
      });
    }
  }
}

/** Checks that changes are announced and received. Without that everything works, but later. */
async function changeFeedWarnings(
  store: RedisStore,
  channel: string,
  name: string,
  role: "owner" | "consumer",
): Promise<ProbeNote[]> {
  const found: ProbeNote[] = [];
  if (role === "owner" && Number(await runScript(store.port, announceScript, [name], [])) !== 1)
    found.push(note("publish", `"publish" is refused: ${changeFeedOff}`));
  if (store.subscriptions === undefined)
    return [
      ...found,
      note(
        "subscribe",
        "This client cannot subscribe: this node sees changes late, at its next reading.",
      ),
    ];
  try {
    const unsubscribe = await store.subscriptions.subscribe(channel, () => {});
    await unsubscribe();
  } catch (error) {
    const failure = redisError(error, store.port.kind);
    if (!(failure instanceof CacheUnavailableError) || failure.reason !== "forbidden")
      throw failure;
    found.push(
      note(
        "subscribe",
        `"subscribe" is refused: this node sees changes late, at its next reading. ${failure.message}`,
      ),
    );
  }
  return found;
}

async function warnings(store: RedisStore, role: "owner" | "consumer"): Promise<ProbeNote[]> {
  const found = new Map<string, ProbeNote>();
  const add = (about: ProbeNote["about"], text: string): unknown =>
    found.set(text, note(about, text));
  if (role === "consumer") return [];
  for (const node of await store.port.primaries()) {
    if ((await unlessRefused(node.command("SCAN", "0", "COUNT", "1"))) === undefined)
      add(
        "scan",
        "SCAN is refused: clear() and keys() will not work. Grant +scan if they are needed.",
      );
    const memory = await unlessRefused(node.command("INFO", "memory"));
    const policy =
      memory === undefined ? undefined : /maxmemory_policy:(\S+)/.exec(String(memory))?.[1];
    if (policy === undefined)
      add(
        "eviction",
        "The eviction policy cannot be read (INFO is refused). Make sure that maxmemory-policy is noeviction.",
      );
    else if (policy !== "noeviction")
      add(
        "eviction",
        `maxmemory-policy is ${policy}: under pressure Redis may drop credentials, locks and fences. Set it to noeviction, or use a server of its own.`,
      );
  }
  return [...found.values()];
}

/** Returns undefined if the server refuses. A missing answer is an error, not a warning. */
async function unlessRefused(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CacheUnavailableError) throw error;
    return undefined;
  }
}
