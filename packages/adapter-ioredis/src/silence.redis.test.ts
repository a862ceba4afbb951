import { openLink, startServer } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { drivers } from "./conformance.fixture.ts";

const within = { deadlineMs: 20_000 };
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test.each(drivers)(
  "a subscriber connection that died without a FIN is replaced when another listener subscribes ($client)",
  async (driver) => {
    const link = await openLink(server);
    const [connected, elsewhere] = [await driver.standalone(link), await driver.standalone(server)];
    onTestFinished(async () => {
      for (const ended of [connected, elsewhere, link]) await ended.close();
    });
    const cache = connected.cache(within);
    const told: unknown[] = [];
    const silent = await cache.watch!((key) => told.push(key));
    await link.strand();
    await expect(cache.watch!(() => {}, { instead: silent })).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "timeout",
    });
    await expect.poll(() => told).toEqual([undefined]);
    await elsewhere.cache(within).set("key", "value");
    await expect.poll(() => told).toEqual([undefined, "key"]);
  },
);
