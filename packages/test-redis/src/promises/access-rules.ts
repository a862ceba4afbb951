/** Tests the README's access rules, with the adapters and with a whole client. */
import { readFile } from "node:fs/promises";
import { credential, systemClock } from "@lingpai/core";
import { createStore } from "@lingpai/core/driver";
import type { Credential, CredentialEvent } from "@lingpai/core";
import { scriptedIssuer } from "@lingpai/core/testing";
import type { Server } from "@lingpai/test-servers";
import { expect, onTestFinished, test } from "vitest";
import { readingRightsWithin, rightsWithin } from "../backends/rights.ts";
import { within } from "../backends/world.ts";
import type { Connect, Credentials } from "../backends/world.ts";

/** @param readme the adapter's README, whose ACL lines are tested */
export function describeRights(
  user: Credentials,
  server: () => Server,
  connect: Connect,
  readme: URL,
): void {
  const grant = (rights: string): Promise<void> => grantTo(server(), user, rights);
  describeClientRights(user, server, connect);

  test("the README shows the rights for servers before 7.2 and from 7.2 on", async () => {
    const lines = (await readFile(readme, "utf8")).match(/^ACL SETUSER .*$/gm);
    const shown = [false, true].flatMap((atLeast72) => [
      `ACL SETUSER ${user.username} ${rightsWithin("prod", "secret", atLeast72)}`,
      `ACL SETUSER ${user.username}_reader ${readingRightsWithin("prod", "secret", atLeast72)}`,
    ]);
    expect(lines).toEqual(shown);
  });

  test("a user with the README's rights can do everything within its prefix", async () => {
    await grant(rightsWithin("prod", user.password));
    const connected = await connect(user);
    const [cache, lock] = [
      connected.cache(within).withPrefix("prod"),
      connected.lock(within).withPrefix("prod"),
    ];
    await cache.clear();
    const changed: unknown[] = [];
    const unwatch = await cache.watch!((key) => changed.push(key));
    const { version } = await cache.set("key", "value", { ttlMs: 60_000, ifVersion: "absent" });
    expect((await cache.get("key"))?.value).toBe("value");
    expect(await lock.tryAcquire("key", "me", 60_000)).toMatchObject({ acquired: true });
    expect([await lock.extend("key", "me", 60_000), await lock.release("key", "me")]).toEqual([
      true,
      true,
    ]);
    expect(await cache.delete("key", { ifVersion: version! })).toBe(true);
    await cache.set("other", "value");
    expect(await cache.clear()).toBe(1);
    await expect.poll(() => changed).toEqual(["key", "key", "other", "other"]);
    await unwatch();
    expect(await connected.probe({ path: ["prod"] })).toEqual([]);
  });

  test("a user with the README's rights can do nothing outside its prefix, and the error names the cause", async () => {
    await grant(rightsWithin("prod", user.password));
    const connected = await connect(user);
    for (const prefix of ["prod2", "staging"]) {
      const [cache, lock] = [
        connected.cache(within).withPrefix(prefix),
        connected.lock(within).withPrefix(prefix),
      ];
      for (const attempt of [
        () => cache.get("key"),
        () => cache.set("key", "value"),
        () => lock.tryAcquire("key", "me", 1_000),
        () => cache.watch!(() => {}),
      ]) {
        await expect(attempt()).rejects.toMatchObject({
          code: "CACHE_UNAVAILABLE",
          reason: "forbidden",
          retryable: false,
        });
      }
    }
  });
}

/**
 * Checks that the rights suffice for a credential: for an owner, and for a consumer that only
 * reads.
 */
function describeClientRights(user: Credentials, server: () => Server, connect: Connect): void {
  test.each([undefined, "5e".repeat(32)])(
    "the README's rights suffice for a whole client, and a reader's for a consumer (seal: %s)",
    async (seal) => {
      const reader: Credentials = { ...user, username: `${user.username}_reader` };
      await grantTo(server(), user, rightsWithin("prod", user.password));
      await grantTo(server(), reader, readingRightsWithin("prod", user.password));
      const issuer = scriptedIssuer({
        clock: systemClock,
        latencyMs: 1,
        id: `test:plain:${seal === undefined ? "open" : "sealed"}`,
      });
      const events: CredentialEvent[] = [];
      const member = async (as: Credentials, role: "owner" | "consumer"): Promise<Credential> => {
        const connected = await connect(as);
        const store = createStore(connected.cache(within), connected.lock(within), { seal });
        expect(
          await connected.probe({ path: ["prod"], role, isSealed: seal !== undefined }),
        ).toEqual([]);
        const one = credential({ issuer, store, environment: "prod", role });
        one.watch((event) => events.push(event));
        onTestFinished(() => one.close());
        return one;
      };
      const [owner, consumer] = [await member(user, "owner"), await member(reader, "consumer")];
      const first = await owner.get();
      expect((await consumer.get()).reveal()).toBe(first.reveal());
      const second = await owner.refresh();
      await expect.poll(() => consumer.peek()?.reveal()).toBe(second.reveal());
      expect(events.filter(({ type }) => /fail|unavailable|lost|refused/.test(type))).toEqual([]);
    },
  );
}

async function grantTo(server: Server, { username }: Credentials, rights: string): Promise<void> {
  await server.command("ACL", "SETUSER", username, "reset", ...rights.split(" "));
}
