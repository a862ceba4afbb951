import { expectOwnPrefix, expectUndisturbed, ownPrefix } from "@lingpai/redis-fixture";
import { startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, onTestFinished, test } from "vitest";
import { ioredisCache, ioredisLock } from "./index.ts";
import type { IoredisClient } from "./index.ts";

const within = { deadlineMs: 5_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => void (await server.command("FLUSHALL")));
afterAll(() => server.stop());

/** How either version's client is made and ended, whatever its options. */
type Library = new (options: object) => IoredisClient & { connect(): Promise<void>; disconnect(): void };

describe.each([
  ["5", ioredis5.Redis],
  ["6", ioredis6.Redis],
])("the options of ioredis %s", (_, Redis: Library) => {
  const connect = (options: object): InstanceType<Library> => {
    const client = new Redis({ host: server.host, port: server.port, ...options });
    onTestFinished(() => client.disconnect());
    return client;
  };

  test("keyPrefix goes before every name once, is not listed, and bounds clear()", async () => {
    const client = connect({ keyPrefix: ownPrefix });
    await expectOwnPrefix(server, ioredisCache(client, within).withPrefix("prod"), ioredisLock(client, within).withPrefix("prod"));
  });

  test.each([
    { enableAutoPipelining: true },
    { stringNumbers: true },
    { enableOfflineQueue: false, lazyConnect: true },
    { autoResubscribe: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: null },
    { db: 3 },
    { protocol: 3 },
    { protocol: 3, replyMapping: "resp3" },
  ])("%j does not disturb", async (options) => {
    const client = connect(options);
    if ("lazyConnect" in options) await client.connect();
    await expectUndisturbed(ioredisCache(client, within).withPrefix("prod"), ioredisLock(client, within).withPrefix("prod"));
  });
});
