/** Tests that a client with a wrong password reports that, and not a slow store. */
import type { Cache } from "@lingpai/core";
import { startServer } from "@lingpai/test-servers";
import { describe, expect, onTestFinished, test } from "vitest";
import type { RedisDriver } from "../backends/world.ts";

export function describeWrongPassword(drivers: readonly RedisDriver[]): void {
  describe.each(drivers)("$client with a wrong password", ({ standalone }) => {
    test.each([
      ["watch", (cache: Cache) => cache.watch!(() => {})],
      ["get", (cache: Cache) => cache.get("key")],
    ])("reports the wrong password: %s", async (_operation, call) => {
      const server = await startServer();
      onTestFinished(() => server.stop());
      await server.command("CONFIG", "SET", "requirepass", "right");
      const client = await standalone(server, { username: "default", password: "wrong" });
      onTestFinished(() => client.close());
      await expect(call(client.cache({ deadlineMs: 20_000 }))).rejects.toMatchObject({
        code: "CACHE_UNAVAILABLE",
        reason: "unauthorized",
        retryable: false,
      });
    });
  });

  test.each(drivers)(
    "a watch of $client that begins after its password was changed reports a wrong password",
    async ({ standalone }) => {
      const server = await startServer({ users: ["owner on >old ~* &* +@all"] });
      onTestFinished(() => server.stop());
      const client = await standalone(server, { username: "owner", password: "old" });
      onTestFinished(() => client.close());
      const cache = client.cache({ deadlineMs: 20_000 });
      await cache.get("key");
      await server.command("ACL", "SETUSER", "owner", "resetpass", ">new");
      await server.command("CONFIG", "SET", "requirepass", "another");
      await expect(cache.watch!(() => {})).rejects.toMatchObject({
        code: "CACHE_UNAVAILABLE",
        reason: "unauthorized",
        retryable: false,
      });
    },
  );
}
