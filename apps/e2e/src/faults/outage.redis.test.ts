import { delay, systemClock } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import { openWire, startServer, until } from "@lingpai/test-servers";
import type { Server } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet } from "../fleet/fleet.fixture.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

async function millisecondsOf(work: Promise<unknown>): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  await work.catch(() => {});
  return systemClock.monotonicMs() - startedMs;
}

/**
 * A default node-redis client never answers. A store that has never answered is tried for 3 s, each
 * time for 500 ms. A slow machine may take four times as long.
 */
const promptMs = 4 * 3_500;

describe.each(drivers)("over $name", (driver) => {
  const open = (): Promise<Fleet> =>
    fleet({ address: server, open: (through) => driver.standalone(through) });

  test.each(["cut", "freeze"] as const)(
    "a cold node whose store is unreachable (%s) rejects promptly and fetches nothing",
    async (fault) => {
      const { fetches, node, settled } = await open();
      const one = await node("one");
      await one.link[fault]();
      const asked = one.token();
      expect(await millisecondsOf(asked)).toBeLessThan(promptMs);
      await expect(asked).rejects.toMatchObject({
        code: "CREDENTIAL_UNAVAILABLE",
        cause: { code: "CACHE_UNAVAILABLE" },
      });
      expect(fetches()).toBe(0);
      expect(one.status().storeReachable).toBe(false);
      await one.link.heal();
      await until("the store is reached again", () => one.token().then(Boolean, () => false));
      await settled([one]);
      expect(fetches()).toBe(1);
    },
  );

  test.each(["cut", "freeze"] as const)(
    "a warm node still serves while its store is unreachable (%s), and fetches nothing",
    async (fault) => {
      const { fetches, node, platform, settled } = await open();
      const nodes = [await node("one"), await node("two")];
      const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
      await one.token();
      await two.token();
      await one.link[fault]();
      await until("the node has noticed", async () => one.count("store-unavailable") > 0);
      // From memory: before any timer, let alone the deadline of the store.
      expect(await Promise.race([one.token(), delay(systemClock, 1)])).toBeDefined();
      await expectAccepted(platform, nodes);
      await expect(one.credential.refresh()).rejects.toMatchObject({ code: "CACHE_UNAVAILABLE" });
      expect(fetches()).toBe(1);
      await two.credential.refresh();
      await one.link.heal();
      await settled(nodes);
      expect([one.count("store-unavailable"), one.count("store-recovered"), fetches()]).toEqual([
        1, 1, 2,
      ]);
    },
  );

  test("a fetched token is served, and stored later, when the store fails before the commit", async () => {
    const { document, fetches, node, platform, settled } = await open();
    const [one, two] = [await node("one"), await node("two")];
    one.steps.next("answered", () => one.link.cut());
    const token = await one.token();
    expect(platform.operator.inspect(token)?.alive).toBe(true);
    expect((await document())?.credential).toBeUndefined();
    await expectAccepted(platform, [one]);
    await one.link.heal();
    await settled([one]);
    await two.token();
    await settled([one, two]);
    expect(fetches()).toBe(1);
    expect((await document())?.quota.used).toBe(1);
  });

  test("a server that freezes for 2 s between fetch and commit costs no token", async () => {
    const { fetches, node, platform, settled } = await open();
    const nodes = [await node("one"), await node("two")];
    await nodes[0]!.token();
    await nodes[1]!.token();
    nodes[0]!.steps.next("answered", () => server.freeze());
    const refreshed = nodes[0]!.credential.refresh();
    await delay(systemClock, 2_000);
    await expectAccepted(platform, nodes);
    server.thaw();
    await refreshed;
    await settled(nodes);
    expect(fetches()).toBe(2);
  });

  test("a node that cannot reach the platform leaves the refresh to one that can", async () => {
    const { fetches, node, platform, settled } = await open();
    const refused = Object.assign(new TypeError("fetch failed"), {
      cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    });
    const isolated = await node("stranded", { fetch: () => Promise.reject(refused) });
    const waiting = isolated.token();
    waiting.catch(() => {});
    await until("it has tried", async () => isolated.count("refresh-failed") > 0);
    const other = await node("other");
    await other.token();
    expect(platform.operator.inspect(await isolated.token())?.alive).toBe(true);
    await settled([isolated, other]);
    expect(fetches()).toBe(1);
  });

  test("a subscription that died silently is made up for by the next read of the document", async () => {
    const { fetches, node, settled } = await open();
    const nodes = [await node("one"), await node("two")];
    await nodes[0]!.token();
    await nodes[1]!.token();
    await nodes[1]!.link.strand();
    await nodes[0]!.credential.refresh();
    await nodes[1]!.link.heal();
    await settled(nodes);
    expect(fetches()).toBe(2);
  });

  test("a flood of messages causes few reads", async () => {
    const { id, node, scope } = await open();
    const one = await node("one");
    await one.token();
    const name = nameOf([scope, "production"], id);
    const before = await one.link.commands();
    const wire = await openWire(server);
    onTestFinished(() => wire.close());
    const channel = `${scope}:production:{}::changes`;
    const publish = (text: string): Promise<unknown> => wire.command("PUBLISH", channel, text);
    await until("it listens", async () => (await publish(name)) === 1);
    for (let sent = 0; sent < 2_500; sent += 1)
      await Promise.all([publish(name), publish("x".repeat(1_000))]);
    await one.credential.refresh();
    expect((await one.link.commands()) - before).toBeLessThan(500);
  });
});
