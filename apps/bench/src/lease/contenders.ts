/** Ways to take a lock in Redis and release it, each with its default settings for waiting. */
import { ioredisLock } from "@lingpai/adapter-ioredis";
import { nodeRedisLock } from "@lingpai/adapter-node-redis";
import { acquire, systemRandom, type Lock } from "@lingpai/core";
import { createClient } from "@redis/client";
import { Redlock as SesameRedlock } from "@sesamecare-oss/redlock";
import { Verrou } from "@verrou/core";
import { redisStore } from "@verrou/core/drivers/redis";
import { Redis } from "ioredis";
import Redlock from "redlock";
import { createLock, IoredisAdapter } from "redlock-universal";
import { named } from "../versions.ts";

export interface LeaseContender {
  readonly name: string;
  readonly side: "base" | "ours" | "peer";
  /**
   * Waits for the lock as the library does by default. Resolves to the function that releases it.
   */
  acquire(name: string): Promise<() => Promise<unknown>>;
}

export interface Lockers extends AsyncDisposable {
  readonly contenders: readonly LeaseContender[];
}

const ttlMs = 10_000;
const releaseScript = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

export const baseName = "SET NX, compare and delete";

export async function lockers(url: string): Promise<Lockers> {
  const client = new Redis(url);
  const nodeRedis = await createClient({ url }).connect();
  return {
    contenders: [
      raw(client),
      ours("lingpai adapter-ioredis", ioredisLock(client)),
      ours("lingpai adapter-node-redis", nodeRedisLock(nodeRedis)),
      ...peers(client),
    ],
    async [Symbol.asyncDispose]() {
      client.disconnect();
      nodeRedis.destroy();
    },
  };
}

/** The minimal lock: no fence, no waiting, no renewal. */
function raw(client: Redis): LeaseContender {
  return {
    name: baseName,
    side: "base",
    async acquire(name) {
      const owner = systemRandom.id();
      if ((await client.set(name, owner, "PX", ttlMs, "NX")) !== "OK")
        throw new Error(`${name} is held.`);
      return () => client.eval(releaseScript, 1, name, owner);
    },
  };
}

function ours(name: string, lock: Lock): LeaseContender {
  return {
    name,
    side: "ours",
    async acquire(resource) {
      const lease = await acquire(lock, resource, { ttlMs, waitMs: 60_000 });
      return () => lease.release();
    },
  };
}

function peers(client: Redis): readonly LeaseContender[] {
  const verrou = new Verrou({
    default: "redis",
    stores: { redis: { driver: redisStore({ connection: client }) } },
  });
  const redlock = new Redlock([client]);
  const sesame = new SesameRedlock([client]);
  const adapter = new IoredisAdapter(client);
  const peer = (name: string, acquire: LeaseContender["acquire"]): LeaseContender => ({
    name,
    side: "peer",
    acquire,
  });
  return [
    peer(named("@verrou/core"), async (name) => {
      const lock = verrou.createLock(name, ttlMs);
      if (!(await lock.acquire())) throw new Error(`${name} could not be had.`);
      return () => lock.release();
    }),
    peer(named("redlock"), async (name) => {
      const lock = await redlock.acquire([name], ttlMs);
      return () => lock.release();
    }),
    peer(named("@sesamecare-oss/redlock"), async (name) => {
      const lock = await sesame.acquire([name], ttlMs);
      return () => lock.release();
    }),
    peer(named("redlock-universal"), async (name) => {
      const lock = createLock({ adapter, key: name, ttl: ttlMs });
      const handle = await lock.acquire();
      return () => lock.release(handle);
    }),
  ];
}
