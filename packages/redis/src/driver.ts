/** The cache's and the lock's driver over any Redis client: scripts, replies, scans, channels. */
import { CacheUnavailableError } from "@lingpai/core";
import type {
  Busy,
  Conflict,
  Entry,
  Granted,
  Unsubscribe,
  WatchListener,
  Written,
} from "@lingpai/core";
import type { CacheDriver, DriverWrite, LockDriver } from "@lingpai/core/driver";
import { redisError, unreadable } from "./errors.ts";
import { changesChannel, entriesPattern, fenceKey, lockKey, openEnvelope } from "./layout.ts";
import {
  acquireScript,
  deleteScript,
  extendScript,
  getScript,
  releaseScript,
  setScript,
} from "./scripts.ts";
import type { Script } from "./scripts.ts";
import { keyPrefixOf, runByText, runScript } from "./store.ts";
import type { RedisStore } from "./store.ts";
import type { Subscriptions } from "./subscriptions.ts";
import { tracedAmong } from "./tracing.ts";

/** How many keys a SCAN step examines: a fraction of a millisecond of the server's time. */
const scanCount = "500";

export function createRedisCacheDriver(store: RedisStore): CacheDriver {
  return new RedisCache(store);
}

export function createRedisLockDriver(store: RedisStore): LockDriver {
  return new RedisLock(store);
}

class RedisCache implements CacheDriver {
  readonly kind: string;
  readonly watch?: NonNullable<CacheDriver["watch"]>;
  readonly #store: RedisStore;

  constructor(store: RedisStore) {
    this.kind = store.port.kind;
    this.#store = store;
    const { subscriptions } = store;
    if (subscriptions !== undefined)
      this.watch = (scope, listener) => this.#watch(subscriptions, scope, listener);
  }

  /** The hot path: it adds one promise to the client's own. */
  get(name: string): Promise<Entry | undefined> {
    const keys = [name];
    this.#store.lastName = name;
    return this.#store.port.evalsha(getScript, keys, []).then(
      (reply) => entryOf(name, reply as unknown[], this.kind),
      async (error: unknown) =>
        entryOf(name, (await this.#runByText(error, getScript, keys, [])) as unknown[], this.kind),
    );
  }

  async set(name: string, value: string, write: DriverWrite): Promise<Written | Conflict> {
    const { version, ttlMs, ifVersion } = write;
    const condition = ifVersion === "absent" ? "*" : (ifVersion ?? "");
    const [status, current, storeMs] = await this.#run(setScript, name, [
      version,
      ttlMs === undefined ? "" : String(ttlMs),
      condition,
      value,
    ]);
    const storeNowMs = integer(storeMs, this.kind);
    const outcome = integer(status, this.kind);
    if (outcome < 0) throw unreadable(name, foreignReason(outcome));
    if (outcome === 2) this.#store.notAnnounced();
    if (outcome > 0) return { written: true, version, storeNowMs };
    return {
      written: false,
      version: current === null || current === undefined ? undefined : String(current),
      storeNowMs,
    };
  }

  async delete(name: string, ifVersion: string | undefined): Promise<boolean> {
    const [reply] = await this.#run(deleteScript, name, [ifVersion ?? ""]);
    const outcome = integer(reply, this.kind);
    if (outcome < 0) throw unreadable(name, foreignReason(outcome));
    if (outcome === 2) this.#store.notAnnounced();
    return outcome > 0;
  }

  async clear(scope: string): Promise<number> {
    let count = 0;
    for await (const page of this.#pages(scope)) {
      const gone = await Promise.all(page.map((name) => this.delete(name, undefined)));
      count += gone.filter(Boolean).length;
    }
    return count;
  }

  async *names(scope: string): AsyncGenerator<string, void, undefined> {
    // The scope is no entry's name. It ends a step that finds nothing, because core's deadline is
    // per step.
    for await (const page of this.#pages(scope)) yield* page.length > 0 ? page : [scope];
  }

  async #watch(
    subscriptions: Subscriptions,
    scope: string,
    listener: WatchListener,
  ): Promise<Unsubscribe> {
    try {
      const prefix = this.#store.keyPrefix ?? (await keyPrefixOf(this.#store, scope));
      return await subscriptions.subscribe(prefix + changesChannel(scope), (payload) => {
        if (payload === undefined) listener(undefined);
        else if (payload.startsWith(prefix)) listener(payload.slice(prefix.length));
      });
    } catch (error) {
      throw redisError(error, this.kind);
    }
  }

  recover(): void {
    this.#store.recover();
  }

  tracedOn(): readonly string[] {
    return tracedAmong(this.#store.port.traceChannels);
  }

  /** The caller closes the client; {@link createCache} has already ended the subscriptions. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async *#pages(scope: string): AsyncGenerator<string[], void, undefined> {
    const { port } = this.#store;
    try {
      const prefix = await keyPrefixOf(this.#store, scope);
      const pattern = entriesPattern(prefix + scope);
      for (const primary of await port.primaries()) {
        let cursor = "0";
        do {
          const [next, page] = (await primary.command(
            "SCAN",
            cursor,
            "MATCH",
            pattern,
            "COUNT",
            scanCount,
          )) as [unknown, unknown[]];
          cursor = String(next);
          yield page.map((key) => String(key).slice(prefix.length));
        } while (cursor !== "0");
      }
    } catch (error) {
      throw redisError(error, this.kind);
    }
  }

  /** Returns the reply as a list. A single value becomes its only item. */
  async #run(script: Script, name: string, args: string[]): Promise<unknown[]> {
    const keys = [name];
    this.#store.lastName = name;
    let reply: unknown;
    try {
      reply = await this.#store.port.evalsha(script, keys, args);
    } catch (error) {
      reply = await this.#runByText(error, script, keys, args);
    }
    return Array.isArray(reply) ? reply : [reply];
  }

  async #runByText(
    error: unknown,
    script: Script,
    keys: string[],
    args: string[],
  ): Promise<unknown> {
    try {
      return await runByText(error, this.#store.port, script, keys, args);
    } catch (failure) {
      throw redisError(failure, this.kind, keys[0]);
    }
  }
}

class RedisLock implements LockDriver {
  readonly kind: string;
  readonly onRelease?: NonNullable<LockDriver["onRelease"]>;
  readonly #store: RedisStore;

  constructor(store: RedisStore) {
    this.kind = store.port.kind;
    this.#store = store;
    const { subscriptions } = store;
    if (subscriptions !== undefined)
      this.onRelease = (name, listener) => this.#onRelease(subscriptions, name, listener);
  }

  async tryAcquire(name: string, owner: string, ttlMs: number): Promise<Granted | Busy> {
    const reply = (await this.#run(
      acquireScript,
      [lockKey(name), fenceKey(name)],
      [owner, String(ttlMs)],
    )) as unknown[];
    const [status, detail, storeNowMs] = [0, 1, 2].map((index) =>
      integer(reply[index], this.kind),
    ) as [number, number, number];
    if (status === 1) return { acquired: true, fence: detail, storeNowMs };
    return { acquired: false, remainingMs: detail < 0 ? Infinity : detail };
  }

  recover(): void {
    this.#store.recover();
  }

  async extend(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return (
      integer(await this.#run(extendScript, [lockKey(name)], [owner, String(ttlMs)]), this.kind) ===
      1
    );
  }

  async release(name: string, owner: string): Promise<boolean> {
    const outcome = integer(await this.#run(releaseScript, [lockKey(name)], [owner]), this.kind);
    if (outcome === 2) this.#store.notAnnounced();
    return outcome > 0;
  }

  async #onRelease(
    subscriptions: Subscriptions,
    name: string,
    listener: () => void,
  ): Promise<Unsubscribe> {
    const { keyPrefix } = this.#store;
    try {
      const prefix =
        keyPrefix ?? (await keyPrefixOf(this.#store, name.slice(0, name.lastIndexOf("{") + 1)));
      return await subscriptions.subscribe(prefix + lockKey(name), () => listener());
    } catch (error) {
      throw redisError(error, this.kind);
    }
  }

  async #run(script: Script, keys: string[], args: string[]): Promise<unknown> {
    this.#store.lastName = keys[0]!;
    try {
      return await runScript(this.#store.port, script, keys, args);
    } catch (error) {
      throw redisError(error, this.kind);
    }
  }
}

function entryOf(name: string, reply: unknown[], kind: string): Entry | undefined {
  const text = reply[0];
  if (text === null || text === undefined) return undefined;
  const opened = openEnvelope(String(text));
  if (typeof opened === "string") throw unreadable(name, opened);
  const ttlMs = integer(reply[1], kind);
  return {
    value: opened.value,
    version: opened.version,
    ttlMs: ttlMs < 0 ? undefined : ttlMs,
    storeNowMs: integer(reply[2], kind),
  };
}

/**
 * @throws {CacheUnavailableError} the reply is not a number: an option of the client, or a wrapper,
 *   changes replies.
 */
function integer(reply: unknown, kind: string): number {
  const number = typeof reply === "string" && reply === "" ? Number.NaN : Number(reply);
  if (
    Number.isSafeInteger(number) &&
    (typeof reply === "number" || typeof reply === "string" || typeof reply === "bigint")
  )
    return number;
  throw new CacheUnavailableError(
    `The client (${kind}) gave ${Array.isArray(reply) ? "a list" : typeof reply} where Redis answers a number. ` +
      "Remove the option, plugin or wrapper that changes replies.",
    { reason: "other", retryable: false },
  );
}

function foreignReason(outcome: number): "format" | "schema" {
  return outcome === -2 ? "schema" : "format";
}
