import { keyring, sealed } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import type { Cache } from "@lingpai/core";
import { startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet, quick } from "../fleet/fleet.fixture.ts";
import type { Fleet, Node, NodeOptions } from "../fleet/fleet.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

async function configure(settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await server.command("CONFIG", "SET", name, value);
}

describe.each(drivers)("over $name", (driver) => {
  const open = (): Promise<Fleet> =>
    fleet({ address: server, open: (through) => driver.standalone(through) });
  const place = ({ scope, id }: Fleet, environment = "production"): string =>
    nameOf([scope, environment], id);

  async function warm(
    options: NodeOptions = {},
  ): Promise<Fleet & { readonly nodes: readonly [Node, Node] }> {
    const opened = await open();
    const nodes = [await opened.node("one", options), await opened.node("two", options)] as const;
    await nodes[0].token();
    await nodes[1].token();
    return { ...opened, nodes };
  }

  test("an emptied store gets the document back from a node that has it, without a fetch", async () => {
    const { fetches, nodes, platform, settled } = await warm();
    await server.command("FLUSHALL");
    await settled(nodes);
    expect(fetches()).toBe(1);
    // The store shows the record before its writer has heard that it was written.
    await expect.poll(() => nodes[0].count("repaired") + nodes[1].count("repaired")).toBe(1);
    await expectAccepted(platform, nodes);
  });

  test("an evicted record is restored without a fetch", async () => {
    const opened = await warm();
    const used = Number(
      /used_memory:(\d+)/.exec(String(await server.command("INFO", "memory")))?.[1],
    );
    onTestFinished(() => configure({ maxmemory: "0", "maxmemory-policy": "noeviction" }));
    // With `allkeys-random` any key can be evicted, even one that the nodes read every second.
    await configure({ "maxmemory-policy": "allkeys-random", maxmemory: String(used + 500_000) });
    let filler = 0;
    await until("the server has evicted the record", async () => {
      for (let each = 0; each < 50; each += 1)
        await server.command("SET", `filler:${(filler += 1)}`, "x".repeat(20_000));
      return opened.nodes[0].count("repaired") + opened.nodes[1].count("repaired") > 0;
    });
    await configure({ maxmemory: "0" });
    await opened.settled(opened.nodes);
    expect(opened.fetches()).toBe(1);
  });

  test("a server that is out of memory causes no fetch, and the refresh works when there is room", async () => {
    const { fetches, nodes, platform, settled } = await warm({
      parameters: { ...quick, waitMs: 2_000 },
    });
    onTestFinished(() => configure({ maxmemory: "0" }));
    await configure({ maxmemory: "1" });
    await expect(nodes[0].credential.refresh()).rejects.toMatchObject({
      code: "CREDENTIAL_UNAVAILABLE",
      cause: { code: "CACHE_UNAVAILABLE", reason: "out-of-memory" },
    });
    await expectAccepted(platform, nodes);
    expect(fetches()).toBe(1);
    await configure({ maxmemory: "0" });
    await nodes[0].credential.refresh();
    await settled(nodes);
    expect(fetches()).toBe(2);
  });

  test("no caller notices that a server loses its scripts, by SCRIPT FLUSH or by a restart", async () => {
    const { fetches, nodes, settled } = await warm();
    await server.command("SCRIPT", "FLUSH");
    await nodes[0].credential.refresh();
    await settled(nodes);
    await server.restart();
    await until("the clients are back", () =>
      nodes[1].credential.refresh().then(Boolean, () => false),
    );
    await settled(nodes);
    expect(fetches()).toBe(3);
  });

  test("a foreign value under the record's key is neither a miss nor overwritten", async () => {
    const opened = await open();
    await server.command("HSET", place(opened), "somebody", "else");
    const one = await opened.node("one");
    await expect(one.token()).rejects.toMatchObject({ code: "UNREADABLE_ENTRY", reason: "type" });
    expect(opened.fetches()).toBe(0);
    expect(one.count("unreadable")).toBeGreaterThan(0);
    expect(await server.command("HGET", place(opened), "somebody")).toBe("else");
  });

  const key = (id: string, digit: string) => ({ id, key: digit.repeat(64) });
  const with1 = (cache: Cache): Cache => sealed(cache, keyring({ active: key("k1", "1") }));
  const with2 = (cache: Cache): Cache => sealed(cache, keyring({ active: key("k2", "2") }));
  const withBoth = (cache: Cache): Cache =>
    sealed(cache, keyring({ active: key("k2", "2"), readable: [key("k1", "1")] }));

  test("a deployment with another sealing key fetches nothing, because an unreadable record is not missing", async () => {
    const { fetches, node, platform } = await open();
    const old = await node("old", { wrap: with1 });
    await old.token();
    const early = await node("early", { wrap: with2 });
    await expect(early.token()).rejects.toMatchObject({
      code: "UNREADABLE_ENTRY",
      reason: "key-id",
    });
    const prepared = await node("prepared", { wrap: withBoth });
    expect(await prepared.token()).toBe(await old.token());
    expect(fetches()).toBe(1);
    expect(early.count("unreadable")).toBeGreaterThan(0);
    await expectAccepted(platform, [old, prepared]);
  });

  test("a record that was copied from another environment cannot be opened, and nothing is fetched", async () => {
    const opened = await open();
    const staging = await opened.node("staging", {
      environment: "staging",
      onConflict: "warn",
      wrap: with1,
    });
    await staging.token();
    await server.command("COPY", place(opened, "staging"), place(opened));
    const production = await opened.node("production", { onConflict: "warn", wrap: with1 });
    await expect(production.token()).rejects.toMatchObject({
      code: "UNREADABLE_ENTRY",
      reason: "tag",
    });
    expect(opened.fetches()).toBe(1);
  });
});
