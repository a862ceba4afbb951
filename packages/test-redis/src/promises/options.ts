/**
 * Assertions that options of a client change nothing, and about the client's own key prefix. They
 * are called within a test, with views of `prod`.
 */
import type { Cache, Lock } from "@lingpai/core";
import type { Server } from "@lingpai/test-servers";
import { expect } from "vitest";
import { keysOf } from "../backends/world.ts";

/**
 * The prefix for {@link expectOwnPrefix}. It contains everything that could break a pattern or a
 * hash tag.
 */
export const ownPrefix = "a*[x]{y}:";

/**
 * Asserts that {@link ownPrefix} is added to every name once, is not listed, and bounds `clear`.
 */
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

/** Asserts that every answer has the same type and value as without the option. */
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

/** Collects the keys that the cache reports from now on. */
async function heard(cache: Cache): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  await cache.watch?.((key) => told.push(key));
  return told;
}
