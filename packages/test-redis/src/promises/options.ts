/**
 * What the options of a client must not change, and what a key prefix of the client's own does.
 * Called within a test, with views of `prod`.
 */
import type { Cache, Lock } from "@lingpai/core";
import type { Server } from "@lingpai/test-servers";
import { expect } from "vitest";
import { keysOf } from "../backends/world.ts";

/**
 * The prefix for {@link expectOwnPrefix}: everything that a pattern or a hash tag could trip over.
 */
export const ownPrefix = "a*[x]{y}:";

/** {@link ownPrefix} goes before every name once, is not listed, and bounds `clear`. */
export async function expectOwnPrefix(server: Server, cache: Cache, lock: Lock): Promise<void> {
  await server.command("SET", "prod:{theirs}", "foreign");
  await server.command("SET", "abx{y}:prod:{theirs}", "foreign");
  const told = await heard(cache);
  await cache.set("key", "value");
  await lock.tryAcquire("key", "me", 60_000);
  expect(await keysOf(cache)).toEqual(["key"]);
  let released = 0;
  await lock.onRelease?.("key", () => released++);
  await lock.release("key", "me");
  expect(await cache.clear()).toBe(1);
  const [, names] = (await server.command("SCAN", "0", "COUNT", "1000")) as [string, string[]];
  expect(names.toSorted()).toEqual([
    `${ownPrefix}prod:{key}::fence`,
    "abx{y}:prod:{theirs}",
    "prod:{theirs}",
  ]);
  await expect.poll(() => [told, released]).toEqual([["key", "key"], 1]);
}

/** Every answer is of the type and the value that it has without the option. */
export async function expectUndisturbed(cache: Cache, lock: Lock): Promise<void> {
  const told = await heard(cache);
  expect(await cache.set("key", "value", { ttlMs: 60_000, ifVersion: "absent" })).toMatchObject({
    written: true,
    storeNowMs: expect.any(Number),
  });
  expect(await cache.get("key")).toMatchObject({
    value: "value",
    ttlMs: expect.any(Number),
    storeNowMs: expect.any(Number),
  });
  expect(await lock.tryAcquire("key", "me", 60_000)).toMatchObject({
    acquired: true,
    fence: expect.any(Number),
  });
  expect(await lock.tryAcquire("key", "other", 60_000)).toMatchObject({
    acquired: false,
    remainingMs: expect.any(Number),
  });
  expect(await lock.release("key", "me")).toBe(true);
  expect(await cache.clear()).toBe(1);
  await expect.poll(() => told).toEqual(["key", "key"]);
}

/** The keys of which the cache tells from now on. */
async function heard(cache: Cache): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  await cache.watch?.((key) => told.push(key));
  return told;
}
