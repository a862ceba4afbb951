/** Reads one key of Redis, whoever wrote it. */
import { createHash } from "node:crypto";
import type { Clock } from "@lingpai/core";
import type { RedisPort, Script } from "@lingpai/redis";
import { answered, unlessRefused } from "../sight/redis-sight.ts";

export interface RawKey {
  /** Undefined if the key is missing or no text. */
  readonly text: string | undefined;
  readonly isText: boolean;
  /** The remaining time to live in ms. -1 without expiry, -2 without the key. */
  readonly ttlMs: number;
}

const text = `
local value = redis.pcall('GET', KEYS[1])
local kind = 'text'
if type(value) == 'table' then
  if not string.find(value.err, 'WRONGTYPE', 1, true) then return value end
  value, kind = false, 'other'
end
return { value, kind, redis.call('PTTL', KEYS[1]) }`.trim();
const script: Script = {
  name: "read",
  text,
  sha: createHash("sha1").update(text).digest("hex"),
  readsOnly: true,
};

/**
 * The client adds its own prefix to the key. Undefined if the server refuses.
 *
 * @throws {CacheUnavailableError} It does not answer.
 */
export async function readKey(
  port: RedisPort,
  key: string,
  clock: Clock,
): Promise<RawKey | undefined> {
  const reply = await unlessRefused(answered(port.eval(script, [key], []), port, clock));
  if (!Array.isArray(reply)) return undefined;
  const [value, kind, ttlMs] = reply as unknown[];
  const isText = String(kind) === "text";
  return {
    text: value === null || value === undefined ? undefined : String(value),
    isText,
    ttlMs: Number(ttlMs),
  };
}
