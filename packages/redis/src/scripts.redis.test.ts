import { systemRandom } from "@lingpai/core";
import { openWire, startServer } from "@lingpai/test-servers";
import type { Reply, Server, Wire } from "@lingpai/test-servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fenceKey, lockKey } from "./layout.ts";
import {
  acquireScript,
  announceScript,
  attemptScripts,
  deleteScript,
  echoScript,
  extendScript,
  getScript,
  releaseScript,
  setScript,
} from "./scripts.ts";
import type { Script } from "./scripts.ts";

let server: Server;
let wire: Wire;
let messages: Reply[];
let listener: Wire;
let name: string;

beforeAll(async () => {
  server = await startServer();
  wire = await openWire(server);
  messages = [];
  listener = await openWire(server, (message) => messages.push(message));
  await listener.command("PSUBSCRIBE", "*");
});

afterAll(async () => {
  wire.close();
  listener.close();
  await server.stop();
});

beforeEach(() => {
  name = `prod:{${systemRandom.id()}}`;
  messages.length = 0;
});

const run = (script: Script, keys: readonly string[], ...args: string[]): Promise<Reply> =>
  wire.command("EVAL", script.text, String(keys.length), ...keys, ...args);
const set = async (
  version: string,
  condition: string,
  value = "value",
  ttl = "",
): Promise<readonly Reply[]> =>
  (await run(setScript, [name], version, ttl, condition, value)) as readonly Reply[];
const acquire = async (owner: string, ttl = "60000"): Promise<readonly Reply[]> =>
  (await run(acquireScript, [lockKey(name), fenceKey(name)], owner, ttl)) as readonly Reply[];
/** All messages that were sent before this call. */
const heard = async (): Promise<unknown[]> => {
  await wire.command("PUBLISH", "end", name);
  while (
    !messages.some(
      (message) => Array.isArray(message) && message[3] === name && message[2] === "end",
    )
  )
    await wire.command("PING");
  return messages.flatMap((message) =>
    Array.isArray(message) && message[2] !== "end"
      ? [`${String(message[2])} ${String(message[3])}`]
      : [],
  );
};

test("each digest equals the one that the server computes", async () => {
  for (const script of [
    ...attemptScripts,
    acquireScript,
    announceScript,
    deleteScript,
    echoScript,
    extendScript,
    getScript,
    releaseScript,
    setScript,
  ]) {
    expect(await wire.command("SCRIPT", "LOAD", script.text)).toBe(script.sha);
  }
});

describe("a command that is sent twice", () => {
  test.each(["", "*", "before"])("sets once with the condition %j", async (condition) => {
    if (condition === "before") {
      await set("before", "");
      await heard();
      messages.length = 0;
    }
    expect((await set("v1", condition, "value", "60000"))[0]).toBe(1);
    await wire.command("PEXPIRE", name, "1000");
    expect((await set("v1", condition, "value", "60000")).slice(0, 2)).toEqual([1, "v1"]);
    expect(await wire.command("PTTL", name)).toBeLessThanOrEqual(1000);
    expect(await heard()).toEqual([`prod:{}::changes ${name}`]);
  });

  test("does not restore a conditional set that another write has replaced", async () => {
    await set("v1", "*", "first");
    await set("v2", "v1", "second");
    expect((await set("v1", "*", "first")).slice(0, 2)).toEqual([0, "v2"]);
    expect(await wire.command("GET", name)).toBe("lp1:v2:second");
  });

  test("deletes once with a condition", async () => {
    await set("v1", "");
    expect(await run(deleteScript, [name], "v1")).toBe(1);
    await set("v2", "*");
    expect(await run(deleteScript, [name], "v1")).toBe(0);
    expect(await wire.command("GET", name)).toBe("lp1:v2:value");
  });

  test("acquires with the same fence, and a lease that is not shorter", async () => {
    const [, fence] = await acquire("me", "60000");
    expect((await acquire("me", "1000")).slice(0, 2)).toEqual([1, fence]);
    expect(await wire.command("PTTL", lockKey(name))).toBeGreaterThan(50_000);
    expect(await wire.command("GET", fenceKey(name))).toBe(String(fence));
  });

  test("acquires with the same fence even if the counter was lost meanwhile", async () => {
    const [, fence] = await acquire("me");
    await wire.command("DEL", fenceKey(name));
    expect((await acquire("me"))[1]).toBe(fence);
  });

  test("releases once, and does not affect the next holder", async () => {
    await acquire("me");
    expect(await run(releaseScript, [lockKey(name)], "me")).toBe(1);
    await acquire("next");
    expect(await run(releaseScript, [lockKey(name)], "me")).toBe(0);
    expect(await heard()).toEqual([`${lockKey(name)} `]);
    expect((await acquire("third"))[0]).toBe(0);
  });
});

describe("fences", () => {
  test.each([
    ["lost", undefined],
    ["no number", "NaN"],
    ["negative", "-5"],
    ["infinite", "inf"],
    ["past what a number can count", "9007199254740991"],
  ])("start from the store's clock if the counter is %s", async (_, stored) => {
    if (stored !== undefined) await wire.command("SET", fenceKey(name), stored);
    const [granted, fence, storeMs] = await acquire("me");
    expect(granted).toBe(1);
    expect(fence).toBe(storeMs);
  });

  test("continue if the counter is ahead of the clock, exactly even above 2^31 and 2^52", async () => {
    for (const last of ["4000000000000", "4503599627370497"]) {
      await wire.command("SET", fenceKey(name), last);
      const [, fence] = await acquire("me");
      expect(fence).toBe(Number(last) + 1);
      expect(await wire.command("GET", fenceKey(name))).toBe(String(fence));
      await run(releaseScript, [lockKey(name)], "me");
    }
  });

  test("survive a counter of another type", async () => {
    await wire.command("RPUSH", fenceKey(name), "x");
    expect((await acquire("me"))[0]).toBe(1);
  });
});

describe("a foreign value", () => {
  test("under the lock's name counts as held, for as long as it exists", async () => {
    await wire.command("SET", lockKey(name), "somebody", "PX", "5000");
    const [granted, remainingMs] = await acquire("me");
    expect(granted).toBe(0);
    expect(remainingMs).toBeGreaterThan(4_000);
    await wire.command("DEL", lockKey(name));
    await wire.command("HSET", lockKey(name), "owner", "me");
    expect((await acquire("me")).slice(0, 2)).toEqual([0, -1]);
    expect(await run(extendScript, [lockKey(name)], "me", "1000")).toBe(0);
    expect(await run(releaseScript, [lockKey(name)], "me")).toBe(0);
    expect(await wire.command("TYPE", lockKey(name))).toBe("hash");
  });

  test("under an entry's name is distinguished from no entry, even if it is the empty text", async () => {
    await wire.command("SET", name, "");
    expect((await set("v1", "*"))[0]).toBe(-1);
    await wire.command("SET", name, "lp2:v1:value");
    expect((await set("v1", "v1"))[0]).toBe(-2);
    expect(await run(deleteScript, [name], "v1")).toBe(-2);
    expect(await wire.command("GET", name)).toBe("lp2:v1:value");
  });
});

test("the changes of a scope are published on its channel, even if the client's own prefix has braces", async () => {
  const prefixed = `{app}:${name}`;
  await run(setScript, [prefixed], "v1", "", "", "value");
  expect(await heard()).toEqual([`{app}:prod:{}::changes ${prefixed}`]);
});
