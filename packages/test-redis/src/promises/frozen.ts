/** Tests a primary that freezes with its connections open while another takes over. */
import { startCluster, startSentinel } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import type { Cache } from "@lingpai/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { slotOf } from "../backends/slot.ts";
import type { Connected, RedisDriver } from "../backends/world.ts";

/** How long a primary may be silent, in ms: short for a test, and long for a busy machine. */
const silenceMs = 3_000;
const key = "key";

/**
 * Uses clients with their default settings, which notice nothing by themselves. All versions of a
 * library use the same servers.
 */
export function describeFrozenPrimary(drivers: readonly RedisDriver[]): void {
  describe(
    "each client of a primary that froze with open connections",
    { timeout: 240_000 },
    () => {
      test("finds the new one through Sentinel", async () => {
        const world = await startSentinel({}, silenceMs);
        onTestFinished(() => world.stop());
        await expectLeft(
          drivers.map((driver) => driver.sentinel(world.sentinels, world.name)),
          await world.primary(),
        );
      });

      test("finds the new one in a Cluster", async () => {
        const world = await startCluster({}, silenceMs);
        onTestFinished(() => world.stop());
        await expectLeft(
          drivers.map((driver) => driver.cluster(world.nodes)),
          await world.primaryOf(slotOf(`{${key}}`)),
        );
      });
    },
  );
}

async function expectLeft(
  connecting: readonly Promise<Connected>[],
  primary: Server,
): Promise<void> {
  const clients = await Promise.all(connecting);
  const caches = clients.map((client) => client.cache({ deadlineMs: 500 }));
  for (const cache of caches)
    await expect.poll(() => isWritten(cache), { timeout: 60_000 }).toBe(true);
  primary.freeze();
  // It stays frozen until all have left it.
  try {
    await Promise.all(
      caches.map((cache) =>
        expect.poll(() => isWritten(cache), { timeout: 120_000, interval: 100 }).toBe(true),
      ),
    );
  } finally {
    primary.thaw();
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function isWritten(cache: Cache): Promise<boolean> {
  return cache.set(key, "value").then(
    () => true,
    () => false,
  );
}
