/** For tests of the page over a real Redis, in real time. */
import { ioredisCache, ioredisLock } from "@lingpai/adapter-ioredis";
import { systemClock } from "@lingpai/core";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import type { Wechat } from "@lingpai/wechat";
import { createSimulator } from "@lingpai/wechat-simulator";
import { Redis } from "ioredis";
import { appIdOf, listen, replicaOf, secret } from "./dashboard-world.fixture.ts";

export interface RedisWorld {
  readonly url: string;
  /** A key with all rights. */
  readonly key: string;
  /** Keeps what it has written when it is killed. */
  readonly redis: Server;
  /** The clients of the replica that serves the page. */
  readonly clients: readonly Wechat[];
  /** A system outside the fleet fetches a token, and a caller of the fleet is refused. */
  steal(account: number): Promise<void>;
  close(): Promise<void>;
}

export async function startRedisWorld(accounts: number): Promise<RedisWorld> {
  const redis = await startServer({ config: ["appendonly yes"] });
  const connection = new Redis(redis.url, { retryStrategy: () => 100 });
  // Its errors are what the tests cause.
  connection.on("error", () => undefined);
  const appIds = Array.from({ length: accounts }, (_, at) => appIdOf(at));
  const simulator = createSimulator({
    accounts: appIds.map((appId) => ({ appId, secret })),
    overlapMs: 0,
    clock: systemClock,
  });
  const store = { cache: () => ioredisCache(connection), lock: () => ioredisLock(connection) };
  const around = { clock: systemClock, simulator, store, appIds, overlapMs: 0 };
  const replica = replicaOf(around, "server-a");
  const { key } = await replica.keys.create({
    name: "operations",
    rights: ["read", "reject", "refresh", "revoke", "admin"],
    refs: ["*"],
    perSecond: 10_000,
  });
  const port = await listen(replica.server.handle);
  await Promise.all(replica.clients.map(({ credential }) => credential.get()));
  return {
    url: port.url,
    key,
    redis,
    clients: replica.clients,
    async steal(account) {
      const query = `grant_type=client_credential&appid=${appIds[account]}&secret=${secret}`;
      await simulator.fetch(`https://api.weixin.qq.com/cgi-bin/token?${query}`);
      await replica.clients[account]!.request("/cgi-bin/getcallbackip");
    },
    async close() {
      port.close();
      await replica.close();
      connection.disconnect();
      await redis.stop();
    },
  };
}
