/** Redis as the other SDKs use it: plain keys, outside every prefix of Lingpai. */
import { requireShape } from "@lingpai/core";

/** Every method rejects when the server cannot be reached; a failure is never an absent key. */
export interface RawStore {
  get(key: string): Promise<string | undefined>;
  /**
   * Returns the rest of the key's time to live, in ms: undefined when there is no key, `Infinity`
   * when it never expires.
   */
  remainingMs(key: string): Promise<number | undefined>;
  /** Writes with a time to live, a whole number of ms from 1. */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** As `set`, but only if there is no such key. Returns true if it was written. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  /**
   * Removes the key if it holds this value, in one atomic step. Returns true if it was removed.
   */
  deleteIf(key: string, value: string): Promise<boolean>;
}

/** The part of a `Redis` or `Cluster` of ioredis that is used. */
export interface IoredisCaller {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** The part of a client, cluster or sentinel of @redis/client that is used. */
export interface NodeRedisCaller {
  get(key: string): Promise<unknown>;
  pTTL(key: string): Promise<unknown>;
  set(key: string, value: string, options: { PX: number; NX?: true }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

const compareAndDelete =
  'if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) else return 0 end';

/**
 * Makes a raw store on a client of ioredis 5 or 6. The caller keeps the client and closes it. Its
 * `keyPrefix` applies: leave it empty, as the other SDKs do.
 */
export function ioredisRawStore(client: IoredisCaller): RawStore {
  requireShape("client", client, ["call"], "Give a Redis or a Cluster of ioredis.");
  return {
    get: async (key) => textOf(await client.call("GET", key)),
    remainingMs: async (key) => durationOf(await client.call("PTTL", key)),
    set: async (key, value, ttlMs) =>
      void (await client.call("SET", key, value, "PX", String(ttlMs))),
    setIfAbsent: async (key, value, ttlMs) =>
      (await client.call("SET", key, value, "PX", String(ttlMs), "NX")) === "OK",
    deleteIf: async (key, value) =>
      Number(await client.call("EVAL", compareAndDelete, "1", key, value)) === 1,
  };
}

/**
 * Makes a raw store on a client of @redis/client 5 or 6. The caller keeps the client and closes it.
 */
export function nodeRedisRawStore(client: NodeRedisCaller): RawStore {
  requireShape("client", client, ["get", "pTTL", "set", "eval"], "Give a client of @redis/client.");
  return {
    get: async (key) => textOf(await client.get(key)),
    remainingMs: async (key) => durationOf(await client.pTTL(key)),
    set: async (key, value, ttlMs) => void (await client.set(key, value, { PX: ttlMs })),
    setIfAbsent: async (key, value, ttlMs) =>
      (await client.set(key, value, { PX: ttlMs, NX: true })) === "OK",
    deleteIf: async (key, value) =>
      Number(await client.eval(compareAndDelete, { keys: [key], arguments: [value] })) === 1,
  };
}

function textOf(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply);
}

/** Redis answers -2 for an absent key and -1 for one that never expires. */
function durationOf(reply: unknown): number | undefined {
  const ms = Number(reply);
  if (ms === -2) return undefined;
  return ms === -1 ? Number.POSITIVE_INFINITY : ms;
}
