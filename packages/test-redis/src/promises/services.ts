/**
 * Tests services that differ from Redis: one checks scripts before it runs them, one runs none.
 */
import { credential, systemClock } from "@lingpai/core";
import { createStore } from "@lingpai/core/driver";
import { scriptedIssuer } from "@lingpai/core/testing";
import { once, openLink, refusalOfScript } from "@lingpai/test-servers";
import type { Refuse, Server } from "@lingpai/test-servers";
import { describe, expect, onTestFinished, test } from "vitest";
import { keysOf, within } from "../backends/world.ts";
import type { Connected, RedisDriver } from "../backends/world.ts";

/** Checks a script whenever its text is sent. A digest works only after its text was accepted. */
const checksScripts: Refuse = ([command = "", ...args]) => {
  if (/^eval(_ro)?$/i.test(command)) return refusalOfScript(args[0] ?? "");
  if (/^script$/i.test(command) && /^load$/i.test(args[0] ?? ""))
    return refusalOfScript(args[1] ?? "");
  return undefined;
};

/** Answers as a Redis without the command does. */
const runsNoScripts: Refuse = ([command = ""]) =>
  /^(eval|evalsha|script)/i.test(command) ? `ERR unknown command '${command}'` : undefined;

export function describeServices(driver: RedisDriver, server: () => Server): void {
  const behind = async (refuse: Refuse): Promise<Connected> => {
    const link = await openLink(server(), "resp", refuse);
    const connected = await driver.standalone(link);
    onTestFinished(async () => {
      await connected.close();
      await link.close();
    });
    await server().command("SCRIPT", "FLUSH");
    return connected;
  };

  describe("a service that accepts only keys written as KEYS[n]", () => {
    test("refuses any other script, and its digest", async () => {
      const link = await openLink(server(), "resp", checksScripts);
      onTestFinished(() => link.close());
      const indirect = "local key = KEYS[1] return redis.call('GET', key)";
      await expect(once(link, "EVAL", indirect, "1", "key")).rejects.toThrow(/bad lua script/);
      await expect(once(link, "SCRIPT", "LOAD", indirect)).rejects.toThrow(/bad lua script/);
      expect(await once(link, "EVAL", "return redis.call('GET', KEYS[1])", "1", "key")).toBeNull();
    });

    test("runs all that the probe, caches, locks and a credential send", async () => {
      const connected = await behind(checksScripts);
      expect(await connected.probe()).toEqual([]);
      const [cache, lock] = [
        connected.cache(within).withPrefix("checked"),
        connected.lock(within).withPrefix("checked"),
      ];
      const { version } = await cache.set("key", "value", { ifVersion: "absent" });
      expect([(await cache.get("key"))?.value, await keysOf(cache)]).toEqual(["value", ["key"]]);
      expect(await cache.delete("key", { ifVersion: version! })).toBe(true);
      await cache.set("key", "value");
      expect(await cache.clear()).toBe(1);
      const granted = await lock.tryAcquire("name", "me", 60_000);
      expect([
        granted.acquired,
        await lock.extend("name", "me", 60_000),
        await lock.release("name", "me"),
      ]).toEqual([true, true, true]);

      const issuer = scriptedIssuer({ clock: systemClock, latencyMs: 1, id: "test:plain:checked" });
      const one = credential({
        issuer,
        store: createStore(connected.cache(within), connected.lock(within)),
        environment: "checked",
      });
      onTestFinished(() => one.close());
      expect(await one.reject(await one.get())).toMatchObject({ replaced: true });
    });
  });

  test("a service that runs no scripts is refused by name at once, with a remedy", async () => {
    const connected = await behind(runsNoScripts);
    const told = { code: "CACHE_UNAVAILABLE", reason: "forbidden", retryable: false };
    for (const refused of [
      connected.probe(),
      connected.cache(within).get("key"),
      connected.lock(within).tryAcquire("name", "me", 1_000),
    ]) {
      const error: unknown = await refused.catch((reason: unknown) => reason);
      expect(error).toMatchObject(told);
      expect(String(error)).toMatch(
        /"evalsha".*Lua scripts: use an address of the service that runs them, or another store/,
      );
    }
  });
}
