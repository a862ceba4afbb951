/** Tests that need the real servers, because fakes of etcd and memcached could not prove them. */
import KeyvMemcache from "@keyv/memcache";
import { systemClock } from "@lingpai/core";
import { etcd, memcached, openLink, until } from "@lingpai/test-servers";
import { Etcd3 } from "etcd3";
import Keyv from "keyv";
import { expect, test } from "vitest";
import { keyvCache, keyvLock } from "../index.ts";

test.each([
  { start: etcd, connect: (url: string) => new Etcd3({ hosts: url }) },
  { start: memcached, connect: (url: string) => new KeyvMemcache(url).client },
])(
  "$start.name: an owner that keeps acquiring its lease never holds it for less time than it asked for",
  async ({ start, connect }) => {
    const server = await start();
    const native = connect(server.url);
    const lock = keyvLock(new Keyv(), { native, guarantee: "advisory", deadlineMs: 2000 });
    const first = await until("it answers", () => lock.tryAcquire("wx1", "me", 5_000));

    for (const ttlMs of [60_000, 1_000]) {
      const again = await lock.tryAcquire("wx1", "me", ttlMs);
      expect(again).toMatchObject({ acquired: true, fence: first.acquired && first.fence });
      const busy = await lock.tryAcquire("wx1", "other", 1_000);
      expect(busy.acquired ? 0 : busy.remainingMs).toBeGreaterThan(50_000);
    }
    native.close();
    await server.stop();
  },
);

test("an etcd client with a deadline recovers from a connection that died without a FIN", async () => {
  const server = await etcd();
  const link = await openLink(server, "chunks");
  const native = new Etcd3({
    hosts: server.url.replace(`:${server.port}`, `:${link.port}`),
    defaultCallOptions: ({ isStream }) =>
      isStream ? {} : { deadline: systemClock.wallMs() + 500 },
  });
  const cache = keyvCache(new Keyv(), { native });
  await until("it answers", () => cache.set("wx1", "token"));

  await link.strand();

  await expect(cache.get("wx1")).rejects.toMatchObject({
    code: "CACHE_UNAVAILABLE",
    reason: "timeout",
  });
  expect(await until("it answers again", async () => (await cache.get("wx1"))?.value)).toBe(
    "token",
  );
  native.close();
  await link.close();
  await server.stop();
});
