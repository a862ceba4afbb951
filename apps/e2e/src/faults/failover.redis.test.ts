import { nameOf } from "@lingpai/core/driver";
import { openLink, startCluster, startSentinel, startServer, until } from "@lingpai/test-servers";
import type { Cluster, Sentinel } from "@lingpai/test-servers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { drivers } from "../fleet/redis-clients.fixture.ts";
import { expectAccepted, fleet } from "../fleet/fleet.fixture.ts";
import type { Fleet, Node } from "../fleet/fleet.fixture.ts";

async function warm(opened: Fleet): Promise<readonly [Node, Node, Node]> {
  const nodes = [
    await opened.node("one"),
    await opened.node("two"),
    await opened.node("three"),
  ] as const;
  for (const node of nodes) await node.token();
  return nodes;
}

/** Refreshes until the drivers have found the new primary. */
const refreshed = (node: Node): Promise<unknown> =>
  until("the driver has found the new primary", () =>
    node.credential.refresh().then(Boolean, () => false),
  );

const total = (nodes: readonly Node[], type: Parameters<Node["count"]>[0]): number =>
  nodes.reduce((sum, node) => sum + node.count(type), 0);

describe.each(drivers)(
  "over $name, a primary that dies before its replica has the last commit",
  (driver) => {
    test("has its lost writes restored by a node that has them, without a fetch", async () => {
      const primary = await startServer();
      onTestFinished(() => primary.stop());
      const replication = await openLink(primary, "chunks");
      const replica = await startServer({
        config: [`replicaof ${replication.host} ${replication.port}`],
      });
      onTestFinished(() => replica.stop());
      await until("the replica follows", async () =>
        String(await replica.command("INFO", "replication")).includes("master_link_status:up"),
      );
      const inUse = { host: primary.host, port: primary.port };
      const opened = await fleet({ address: inUse, open: (through) => driver.standalone(through) });
      const nodes = await warm(opened);
      await until(
        "the replica has the first commit",
        async () => Number(await primary.command("WAIT", "1", "100")) === 1,
      );

      await replication.cut();
      const lost = (await nodes[0].credential.refresh()).fingerprint;
      await until("every node has the new credential", async () =>
        nodes.every((node) => node.credential.peek()?.fingerprint === lost),
      );
      await primary.kill();
      await replica.command("REPLICAOF", "NO", "ONE");
      inUse.port = replica.port;
      for (const node of nodes) await node.link.reset();

      await until("a node has repaired the store", async () => total(nodes, "repaired") > 0);
      expect(opened.fetches()).toBe(2);
      expect(nodes.map((node) => node.credential.peek()?.fingerprint)).toEqual([lost, lost, lost]);
      expect(total(nodes, "store-regressed")).toBe(1);
      await expectAccepted(opened.platform, nodes);
      // The observer's own link was to the primary that is gone.
      const text = String(
        await replica.command("GET", nameOf([opened.scope, "production"], opened.id)),
      );
      expect(text).toContain(nodes[0].credential.peek()?.reveal());
    });
  },
);

describe.each(drivers)("over $name, a Sentinel failover", (driver) => {
  let sentinel: Sentinel;
  beforeAll(async () => {
    sentinel = await startSentinel();
  });
  afterAll(() => sentinel.stop());

  test("stops no warm node, costs no fetch, and the next refresh reaches every node", async () => {
    const opened = await fleet({
      address: sentinel.nodes[0]!,
      open: () => driver.sentinel(sentinel.sentinels, sentinel.name),
    });
    const nodes = await warm(opened);
    await Promise.all([sentinel.failOver(), expectAccepted(opened.platform, nodes)]);
    await opened.settled(nodes);
    expect(opened.fetches()).toBe(1);
    await refreshed(nodes[1]);
    await opened.settled(nodes);
    expect(opened.fetches()).toBeLessThanOrEqual(3);
    await expectAccepted(opened.platform, nodes);
  });
});

describe.each(drivers)("over $name, a Cluster", (driver) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  const open = async (): Promise<Fleet & { readonly slot: number }> => {
    const opened = await fleet({
      address: cluster.nodes[0]!,
      open: () => driver.cluster(cluster.nodes),
    });
    return {
      ...opened,
      slot: await cluster.slotOf(nameOf([opened.scope, "production"], opened.id)),
    };
  };

  test("whose slot moves still serves, and a refresh waits for the end of the move", async () => {
    const opened = await open();
    const nodes = await warm(opened);
    await cluster.beginMove(opened.slot);
    // A script of several keys, of which one does not exist, is answered with TRYAGAIN until the
    // slot has arrived.
    const refreshing = nodes[0].credential.refresh();
    await expectAccepted(opened.platform, nodes);
    await cluster.endMove(opened.slot);
    await refreshing;
    await opened.settled(nodes);
    expect(opened.fetches()).toBe(2);
    await expectAccepted(opened.platform, nodes);
  });

  test("that fails over stops no warm node, costs no fetch, and the next refresh reaches every node", async () => {
    const opened = await open();
    const nodes = await warm(opened);
    await Promise.all([cluster.failOver(opened.slot), expectAccepted(opened.platform, nodes)]);
    await opened.settled(nodes);
    expect(opened.fetches()).toBe(1);
    await refreshed(nodes[1]);
    await opened.settled(nodes);
    expect(opened.fetches()).toBeLessThanOrEqual(3);
    await expectAccepted(opened.platform, nodes);
  });
});
