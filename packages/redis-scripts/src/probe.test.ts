import { manualClock } from "@lingpai/core/testing";
import { expect, test } from "vitest";
import type { RedisPort } from "./port.ts";
import { probeRedis } from "./probe.ts";
import { echoScript, getScript } from "./scripts.ts";
import { createRedisStore } from "./store.ts";

const never = (): Promise<never> => new Promise(() => {});

/** A server that answers everything, until it is asked for what `changes` leaves unanswered. */
function answering(changes: Partial<RedisPort> = {}): RedisPort {
  return {
    kind: "half a server",
    isCluster: false,
    evalsha: async (script, [key]) => (script === echoScript ? key : script === getScript ? [null] : [1]),
    eval: async () => 1,
    primaries: () => [{ command: async () => "maxmemory_policy:noeviction" }],
    openSubscriber: async () => ({ subscribe: async () => {}, unsubscribe: async () => {}, close: () => {} }),
    ...changes,
  };
}

test("the probe is content with a server that answers", async () => {
  const clock = manualClock();
  expect(await probeRedis(createRedisStore(answering()), { clock })).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test.each<[string, Partial<RedisPort>]>([
  ["a script", { evalsha: never }],
  ["a single command", { eval: never }],
  ["which the primaries are", { primaries: never }],
  ["SCAN and INFO", { primaries: () => [{ command: never }] }],
])("the probe waits five seconds for %s, and says that no answer came", async (_what, changes) => {
  const clock = manualClock();
  const probing = expect(probeRedis(createRedisStore(answering(changes)), { clock })).rejects.toMatchObject({
    code: "CACHE_UNAVAILABLE",
    reason: "timeout",
  });
  await clock.advance(5_000);
  await probing;
  expect(clock.pendingTimers).toBe(0);
});
