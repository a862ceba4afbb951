import { startSentinel } from "@lingpai/test-servers";
import { systemClock } from "@lingpai/core";
import type { Sentinel } from "@lingpai/test-servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drivers } from "./conformance.fixture.ts";

let servers: Sentinel;

beforeAll(async () => {
  servers = await startSentinel();
});

afterAll(() => servers.stop());

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - startMs;
}

// In 5.12 and 6.3, each call that begins before the first one has the connection waits for a
// connection of its own.
test.each(drivers)(
  "through Sentinel, calls of one turn share the connection instead of queueing for it ($client)",
  async (driver) => {
    const connected = await driver.sentinel(servers.sentinels, servers.name);
    const cache = connected.cache({ deadlineMs: 20_000 });
    await cache.set("key", "value");
    const ratios: number[] = [];
    for (let round = 0; round < 5; round++) {
      const eachMs = await timed(async () => {
        for (let call = 0; call < 200; call++) await cache.get("key");
      });
      const togetherMs = await timed(() =>
        Promise.all(Array.from({ length: 200 }, () => cache.get("key"))),
      );
      ratios.push(togetherMs / eachMs);
    }
    // If the calls ran one after the other, they would take as long as when each is awaited.
    expect(ratios.toSorted((one, next) => one - next)[2]).toBeLessThan(0.6);
    await cache.close();
    await connected.close();
  },
);
