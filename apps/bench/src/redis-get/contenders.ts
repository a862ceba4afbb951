/** Ways to read one small value from Redis. */
import { ioredisCache } from "@lingpai/adapter-ioredis";
import { nodeRedisCache } from "@lingpai/adapter-node-redis";
import type { Cache } from "@lingpai/core";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import { named } from "../versions.ts";
import type { Wire } from "../wire.ts";

export interface ReadContender {
  readonly name: string;
  /** The contender that sends the same command through the same client without Lingpai. */
  readonly base: string;
  readonly isOurs: boolean;
  read(): Promise<unknown>;
}

const key = "wx0123456789abcdef";
/** About the size of a credential's document. */
const value = "v".repeat(600);

export interface Readers extends AsyncDisposable {
  readonly contenders: readonly ReadContender[];
}

export async function readers(url: string, wire: Wire): Promise<Readers> {
  const ioredis = new Redis(url);
  const nodeRedis = await createClient({ url }).connect();
  // The raw clients have no deadline. On a loaded machine the default one would end the bench.
  const patient = { deadlineMs: 60_000 };
  const overIoredis = ioredisCache(ioredis, patient).withPrefix("bench");
  const overNodeRedis = nodeRedisCache(nodeRedis, patient).withPrefix("bench");
  await overIoredis.set(key, value);
  const command = await commandOf(overIoredis, wire);
  const [sha, , name] = command;
  if (command.join() !== (await commandOf(overNodeRedis, wire)).join())
    throw new Error("The two adapters read by different commands.");

  const rawIoredis = `raw ${named("ioredis")}, EVALSHA`;
  const rawNodeRedis = `raw ${named("@redis/client")}, EVALSHA`;
  return {
    contenders: [
      {
        name: rawIoredis,
        base: rawIoredis,
        isOurs: false,
        read: () => ioredis.evalsha(sha, 1, name),
      },
      {
        name: `raw ${named("ioredis")}, GET`,
        base: rawIoredis,
        isOurs: false,
        read: () => ioredis.get(name),
      },
      {
        name: "lingpai adapter-ioredis",
        base: rawIoredis,
        isOurs: true,
        read: () => overIoredis.get(key),
      },
      {
        name: rawNodeRedis,
        base: rawNodeRedis,
        isOurs: false,
        read: () => nodeRedis.evalSha(sha, { keys: [name], arguments: [] }),
      },
      {
        name: `raw ${named("@redis/client")}, GET`,
        base: rawNodeRedis,
        isOurs: false,
        read: () => nodeRedis.get(name),
      },
      {
        name: "lingpai adapter-node-redis",
        base: rawNodeRedis,
        isOurs: true,
        read: () => overNodeRedis.get(key),
      },
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all([overIoredis.close(), overNodeRedis.close()]);
      ioredis.disconnect();
      nodeRedis.destroy();
    },
  };
}

/**
 * The command that the adapter sends for one `get`, so that the raw client can send the same:
 * `EVALSHA sha 1 name`.
 */
async function commandOf(
  cache: Cache,
  wire: Wire,
): Promise<readonly [sha: string, keyCount: string, name: string]> {
  await cache.get(key);
  await wire.take();
  await cache.get(key);
  const sent = await wire.take();
  const [name, sha, keyCount, entry] = sent[0] ?? [];
  if (
    sent.length !== 1 ||
    name !== "EVALSHA" ||
    sha === undefined ||
    keyCount !== "1" ||
    entry === undefined
  ) {
    throw new Error(
      `A get is expected to be one EVALSHA of one key, but was ${JSON.stringify(sent)}.`,
    );
  }
  return [sha, keyCount, entry];
}
