/**
 * The fixture of one clause on a running server: caches and locks over their own clients, and the
 * machine's clock.
 */
import type { Backend, Client, DailyPart, Fixture, Waivers } from "@lingpai/conformance";
import { delay, systemClock } from "@lingpai/core";
import type { Cache, Clock, Lock } from "@lingpai/core";
import type { CacheOptions, LockOptions } from "@lingpai/core/driver";
import type { ProbeOptions } from "@lingpai/redis";
import type { Address } from "@lingpai/test-servers";

/** A client library, as the tests use it: each call makes a new client. */
export interface RedisDriver {
  /** The adapter's package, without its scope. */
  readonly adapter: string;
  /** The library and its version: `ioredis 6`. */
  readonly client: string;
  /**
   * The newer version of the library, as {@link RedisDriver.client}, which runs daily what this one
   * runs nightly.
   */
  readonly newer?: string;
  /** The clauses that the library itself fails when its connection breaks. */
  readonly standaloneWaivers?: Waivers;
  /** True if its clients can add their own prefix to every key: `keyPrefix`. */
  readonly hasKeyPrefix: boolean;
  /** Does not wait until it is connected. */
  standalone(address: Address, own?: Own): Promise<Connected>;
  sentinel(
    sentinels: readonly Address[],
    name: string,
    own?: Pick<Own, "keyPrefix">,
  ): Promise<Connected>;
  cluster(nodes: readonly Address[], own?: Pick<Own, "keyPrefix">): Promise<Connected>;
}

/** The options of a client, under the names that every library uses. */
export interface Own extends Partial<Credentials> {
  /** Given only where {@link RedisDriver.hasKeyPrefix}. */
  readonly keyPrefix?: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One client, and the adapter's factories over it. */
export interface Connected {
  cache(options: CacheOptions): Cache;
  lock(options: LockOptions): Lock;
  /** The same client as an object of no class, as when two copies of the library are installed. */
  lookalike(): Connected;
  probe(options?: ProbeOptions): Promise<readonly string[]>;
  ping(): Promise<unknown>;
  /** How many listeners the client has, ours and its own. */
  listenerCount(): number;
  /** Also when it is closed already or was never connected. */
  close(): Promise<void>;
}

/** The clauses that an older version of a library runs daily. */
export function dailyOf(
  { newer }: RedisDriver,
  server: string,
  clauses: readonly string[],
): Pick<Backend, "daily"> {
  return newer === undefined ? {} : { daily: { clauses, restBy: `${newer}, ${server}` } };
}

/** The clauses that the oldest supported version of a library runs daily. */
export function basicsDaily(restBy: string): DailyPart {
  return { clauses: ["CACHE-0", "LOCK-0", "WATCH-0"], restBy };
}

export type Connect = (credentials?: Credentials) => Promise<Connected>;

/** Options for a caller that waits for a loaded machine. */
export const within = { deadlineMs: 5_000 };

/** An object with the client's members and nothing else in common with it. */
export function lookalikeOf<T extends object>(client: T): T {
  return new Proxy(client, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    getPrototypeOf: () => null,
  });
}

/**
 * Generous, because the test machine is small; the clauses about deadlines use
 * {@link linkedDeadlineMs}.
 */
const deadlineMs = 5_000;
export const linkedDeadlineMs = 250;

export function clientOf(
  connected: Connected,
  options: CacheOptions & { readonly keepClient?: boolean } = {},
): Client {
  const { clock = systemClock, keepClient = false } = options;
  const settings = { clock, deadlineMs: options.deadlineMs ?? deadlineMs };
  const cache = connected.cache(settings);
  return {
    cache,
    lock: connected.lock(settings),
    async close() {
      await cache.close();
      if (!keepClient) await connected.close();
    },
  };
}

export async function openWorld(
  connect: () => Promise<Connected>,
): Promise<Omit<Fixture, "raw" | "connect" | "server" | "cluster">> {
  const connected = await connect();
  return {
    ...clientOf(connected),
    clock: systemClock,
    elapse: (ms) => delay(systemClock, ms),
    second: async ({ clockShiftMs = 0 } = {}) =>
      clientOf(await connect(), { clock: shifted(clockShiftMs) }),
    again: async () => clientOf(connected, { keepClient: true }),
  };
}

/**
 * A pool of clients that are slow to set up, reused after each clause. @redis/client builds its
 * command classes again for every Sentinel client, which blocks the process for 70 ms (5.12, 6.3).
 * Two hundred of them would disturb every clause about time.
 */
export function pooledClients(connect: () => Promise<Connected>): {
  connect(): Promise<Connected>;
  end(): Promise<void>;
} {
  const all: Connected[] = [];
  const idle: Connected[] = [];
  const made = async (): Promise<Connected> => {
    const connected = await connect();
    all.push(connected);
    return connected;
  };
  return {
    async connect() {
      const connected = idle.pop() ?? (await made());
      let isInUse = true;
      return {
        ...connected,
        async close() {
          if (isInUse) idle.push(connected);
          isInUse = false;
        },
      };
    },
    end: async () => void (await Promise.all(all.map((connected) => connected.close()))),
  };
}

function shifted(shiftMs: number): Clock {
  return { ...systemClock, wallMs: () => systemClock.wallMs() + shiftMs };
}

export async function keysOf(cache: Cache): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return keys;
}
