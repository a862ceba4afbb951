import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { manualClock } from "@lingpai/core/testing";
import { expect, onTestFinished, test } from "vitest";
import type { RedisPort } from "./port.ts";
import { probeRedis } from "./probe.ts";
import { announceScript, echoScript, readingCommands } from "./scripts.ts";
import { createRedisStore } from "./store.ts";

/** What a server answers to each script that answers more than 1. */
const replies: Readonly<Record<string, unknown>> = {
  get: [null, -2, 0],
  set: [1, "version", 0],
  acquire: [1, 1, 0],
};

const never = (): Promise<never> => new Promise(() => {});

/** A server that answers everything, until it is asked for what `changes` leaves unanswered. */
function answering(changes: Partial<RedisPort> = {}): RedisPort {
  return {
    kind: "half a server",
    isCluster: false,
    traceChannels: [],
    evalsha: async (script, [key]) => replies[script.name] ?? (script === echoScript ? key : 1),
    eval: async () => 1,
    primaries: () => [{ command: async () => "maxmemory_policy:noeviction" }],
    openSubscriber: async () => ({
      subscribe: async () => {},
      unsubscribe: async () => {},
      close: () => {},
    }),
    ...changes,
  };
}

test("the probe has no warning for a server that answers", async () => {
  const clock = manualClock();
  expect(await probeRedis(createRedisStore(answering()), { clock })).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test("the probe warns of an unsealed store whose commands are traced, and of no other", async () => {
  const clock = manualClock();
  const listener = (): void => {};
  const store = createRedisStore(answering({ traceChannels: ["half-a-server:command"] }));
  expect(await probeRedis(store, { clock })).toEqual([]);
  subscribe("tracing:half-a-server:command:asyncEnd", listener);
  onTestFinished(() => void unsubscribe("tracing:half-a-server:command:asyncEnd", listener));
  expect(await probeRedis(store, { clock })).toEqual([
    expect.stringContaining("commands are traced (half-a-server:command)"),
  ]);
  expect(await probeRedis(store, { clock, isSealed: true })).toEqual([]);
});

const refused = (text: string): Error => new Error(text);
const forbiddenChannel = "NOPERM No permissions to access a channel";

test("the probe warns if changes are not announced or cannot be received, because everything else works", async () => {
  const clock = manualClock();
  const port = answering({
    evalsha: async (script, [key]) =>
      replies[script.name] ?? (script === echoScript ? key : script === announceScript ? 0 : 1),
    openSubscriber: async () => ({
      subscribe: () => Promise.reject(refused(forbiddenChannel)),
      unsubscribe: async () => {},
      close: () => {},
    }),
  });
  const [publish, subscribe, ...more] = await probeRedis(createRedisStore(port), { clock });
  expect(publish).toMatch(/^"publish" is refused: .*a user has none by default/);
  expect(subscribe).toMatch(/^"subscribe" is refused: .*Grant it the channels/);
  expect(more).toEqual([]);
});

test("the probe checks the registry of claims too, and a consumer's probe needs only reads", async () => {
  const clock = manualClock();
  const asked: [string, string | undefined][] = [];
  const port = answering({ eval: async (script, [key]) => void asked.push([script.name, key]) });
  await probeRedis(createRedisStore(port), { clock, path: ["prod"], role: "consumer" });
  expect(asked).toEqual(
    ["prod:{lingpai.probe.attempt}", "lingpai:claims:{lingpai.probe.attempt}"].flatMap((key) =>
      readingCommands.map((name) => [name, key]),
    ),
  );
  const denied = answering({
    eval: async (script, [key]) =>
      key?.startsWith("lingpai:") && script.name === "set"
        ? Promise.reject(
            refused(
              "NOPERM this user has no permissions to access one of the keys used as arguments",
            ),
          )
        : 1,
  });
  await expect(probeRedis(createRedisStore(denied), { clock, path: ["prod"] })).rejects.toThrow(
    'refuses "set" on "lingpai:claims:{lingpai.probe.attempt}". Grant this user the commands and the keys (~) that the README\'s ACL line lists',
  );
});

test.each<[string, Partial<RedisPort>]>([
  ["a script", { evalsha: never }],
  ["a single command", { eval: never }],
  ["which the primaries are", { primaries: never }],
  ["SCAN and INFO", { primaries: () => [{ command: never }] }],
])(
  "the probe waits five seconds for %s, and reports that there was no answer",
  async (_what, changes) => {
    const clock = manualClock();
    const probing = expect(
      probeRedis(createRedisStore(answering(changes)), { clock }),
    ).rejects.toMatchObject({
      code: "CACHE_UNAVAILABLE",
      reason: "timeout",
    });
    await clock.advance(5_000);
    await probing;
    expect(clock.pendingTimers).toBe(0);
  },
);
