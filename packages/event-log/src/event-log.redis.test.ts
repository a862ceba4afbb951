/**
 * The log over a real Redis and over the memory adapter, with several writers at once in real time.
 */
import { ioredisCache } from "@lingpai/adapter-ioredis";
import { memoryStore } from "@lingpai/adapter-memory";
import { delay, keyring, sealed, systemClock } from "@lingpai/core";
import type { Cache } from "@lingpai/core";
import { standalone } from "@lingpai/test-servers";
import type { Standalone } from "@lingpai/test-servers";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventLog } from "./event-log.ts";
import { kindsOf, readAll } from "./log.fixture.ts";
import type { LogEntry } from "./stream-reader.ts";

let server: Standalone;
const clients: Redis[] = [];
const memory = memoryStore();
const ring = keyring({ active: { id: "k1", key: "ab".repeat(32) } });

beforeAll(async () => {
  server = await standalone();
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

function redisCache(): Cache {
  const client = new Redis(server.url);
  clients.push(client);
  return ioredisCache(client);
}

const caches: readonly (readonly [string, () => Cache])[] = [
  ["Redis", redisCache],
  ["Redis, sealed", () => sealed(redisCache(), ring)],
  ["memory", () => memory.cache],
];

test.each(caches)(
  "four writers on %s lose nothing, and a follower sees every event once",
  async (name, cache) => {
    const logs = Array.from({ length: 4 }, () => eventLog({ cache: cache(), gatherMs: 5 }));
    const seen: LogEntry[] = [];
    const stream = `all ${name}`;
    const follower = logs[0]!.follow(stream, { onEntries: (entries) => seen.push(...entries) });
    for (let n = 0; n < 100; n += 1) {
      for (const [by, log] of logs.entries()) log.append(stream, { type: "t", n: by * 1_000 + n });
      if (n % 10 === 0) await delay(systemClock, 2);
    }
    await Promise.all(logs.map((log) => log.flush()));
    await expect.poll(() => seen.length).toBe(400);
    const all = kindsOf(await readAll(logs[1]!, stream)).map(Number);
    for (const by of logs.keys())
      expect(all.filter((n) => Math.floor(n / 1_000) === by)).toEqual(
        Array.from({ length: 100 }, (_, n) => by * 1_000 + n),
      );
    expect(kindsOf(seen)).toEqual(all);
    follower.stop();
    await Promise.all(logs.map((log) => log.close()));
  },
);
