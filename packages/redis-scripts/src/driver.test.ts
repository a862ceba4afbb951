import { createCache, delay } from "@lingpai/core";
import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import { createRedisCacheDriver } from "./driver.ts";
import type { RedisPort } from "./port.ts";
import { createRedisStore } from "./store.ts";

test("keys() has the deadline for each step of its scan, however many find nothing", async () => {
  const clock = manualClock();
  const pages = [[], [], ["prod:{wx1}"], [], ["prod:{wx2}", "prod:{wx1}"], []];
  const scan = async (cursor: number): Promise<unknown> => {
    await delay(clock, 400);
    return [String((cursor + 1) % pages.length), pages[cursor]];
  };
  const port: RedisPort = {
    kind: "a scan of six steps",
    traceChannels: [],
    isCluster: false,
    evalsha: async (_script, [key]) => key,
    eval: () => Promise.reject(new Error("not asked for")),
    primaries: () => [{ command: (_scan, cursor) => scan(Number(cursor)) }],
    openSubscriber: () => Promise.reject(new Error("not asked for")),
  };
  const cache = createCache(createRedisCacheDriver(createRedisStore(port)), { clock, deadlineMs: 500 }).withPrefix("prod");

  const keys: string[] = [];
  const listing = (async () => {
    for await (const key of cache.keys()) keys.push(key);
  })();
  await clock.advance(6 * 400);
  await listing;

  expect(keys).toEqual(["wx1", "wx2"]);
});
