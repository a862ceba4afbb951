import { withLease } from "@lingpai/core";
import { expectOwnPrefix, expectUndisturbed, ownPrefix } from "@lingpai/test-redis";
import { openLink, startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { ioredisCache, ioredisLock } from "./index.ts";
import type { IoredisClient } from "./index.ts";

const within = { deadlineMs: 5_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
beforeEach(async () => void (await server.command("FLUSHALL")));
afterAll(() => server.stop());

/** Constructs and closes a client of one version, with any options. */
type Library = new (options: object) => IoredisClient & {
  connect(): Promise<void>;
  disconnect(): void;
  on(event: "error", listener: () => void): unknown;
};

describe.each([
  ["5", ioredis5.Redis],
  ["6", ioredis6.Redis],
])("the options of ioredis %s", (_, Redis: Library) => {
  const connect = (options: object): InstanceType<Library> => {
    const client = new Redis({ host: server.host, port: server.port, ...options });
    client.on("error", () => {});
    onTestFinished(() => client.disconnect());
    return client;
  };

  test("keyPrefix is prepended once to every name, does not appear in keys(), and limits clear()", async () => {
    const client = connect({ keyPrefix: ownPrefix });
    await expectOwnPrefix(
      server,
      ioredisCache(client, within).withPrefix("prod"),
      ioredisLock(client, within).withPrefix("prod"),
    );
  });

  test.each([
    { enableAutoPipelining: true },
    { stringNumbers: true },
    { enableOfflineQueue: false, lazyConnect: true },
    { autoResubscribe: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: null },
    { db: 3 },
    { protocol: 3 },
    { protocol: 3, replyMapping: "resp3" },
  ])("the option %j does not affect the cache or the lock", async (options) => {
    const client = connect(options);
    if ("lazyConnect" in options) await client.connect();
    await expectUndisturbed(
      ioredisCache(client, within).withPrefix("prod"),
      ioredisLock(client, within).withPrefix("prod"),
    );
  });

  describe("when the reply to a release or a delete is lost", () => {
    /**
     * The outcomes of the release and of the delete. The deadline is short because some clients
     * never settle the command.
     */
    const outcomes = async (options: object): Promise<readonly PromiseSettledResult<unknown>[]> => {
      const link = await openLink(server);
      onTestFinished(() => link.close());
      const client = connect({ host: link.host, port: link.port, ...options });
      const [cache, lock] = [
        ioredisCache(client, { deadlineMs: 1_000 }),
        ioredisLock(client, { deadlineMs: 1_000 }),
      ];
      const release = (work: () => Promise<void>): Promise<void> =>
        withLease(lock, "name", { ttlMs: 60_000, waitMs: 0 }, work);
      // The scripts must be loaded first: the lost reply must be a result, not a NOSCRIPT error.
      await release(async () => {});
      await cache.delete("key");
      await cache.set("key", "value");

      const released = await Promise.allSettled([release(() => link.loseReply())]);
      await expect
        .poll(() => cache.get("key").catch(() => undefined))
        .toMatchObject({ value: "value" });
      await link.loseReply();
      const deleted = await Promise.allSettled([cache.delete("key")]);
      await expect.poll(() => cache.get("key").catch(() => "no answer")).toBeUndefined();
      return [...released, ...deleted];
    };

    test("a client that resends the command reports a lost lease and an absent entry", async () => {
      expect(await outcomes({})).toMatchObject([
        { reason: { code: "LOCK_LOST", reason: "refused" } },
        { value: false },
      ]);
    });

    test("a client that may not resend it reports the release as done and the delete as unavailable", async () => {
      const options = { autoResendUnfulfilledCommands: false };
      expect(await outcomes(options)).toMatchObject([
        { status: "fulfilled" },
        { reason: { code: "CACHE_UNAVAILABLE" } },
      ]);
    });
  });
});
