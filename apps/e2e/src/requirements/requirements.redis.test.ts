/**
 * The six requirements of the incident report, each tested end to end: real nodes, a real Redis or
 * Redis Cluster, and a platform over HTTP. The platform's log decides, not the events of a node.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { delay, eventChannelName, systemClock } from "@lingpai/core";
import { nameOf } from "@lingpai/core/driver";
import type { CredentialEvent } from "@lingpai/core";
import { openLink, startCluster, startServer } from "@lingpai/test-servers";
import type { Cluster, Server } from "@lingpai/test-servers";
import { Cluster as ClusterClient } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHttpFleet } from "./http-fleet.fixture.ts";
import type { HttpFleet, Node } from "./http-fleet.fixture.ts";

let redis: Server;

beforeAll(async () => {
  redis = await startServer();
});

afterAll(() => redis.stop());

const nodesOf = (count: number, make: (name: string) => Node): Node[] =>
  Array.from({ length: count }, (_, index) => make(`node-${index}`));

describe("requirement 1: development, test and production never kill each other's token", () => {
  test("a second environment with the same AppID in the same Redis is stopped before it fetches, with a remedy", async () => {
    await using fleet = await openHttpFleet();
    const production = fleet.node("production-1", redis.url, { environment: "production" });
    await production.call();
    const staging = fleet.node("staging-1", redis.url, { environment: "staging" });
    await expect(staging.call()).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: expect.stringContaining("production"),
    });
    expect(fleet.simulator.log.fetches(fleet.appId).map(({ caller }) => caller)).toEqual([
      "production-1",
    ]);
    expect(await fleet.load([production], 10)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });

  test("a consuming environment uses production's token and never fetches, not even when that token dies", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const production = fleet.node("production-1", redis.url, {
      environment: "production",
      overlapMs: 0,
    });
    await production.call();
    const staging = fleet.node("staging-1", redis.url, {
      environment: "staging",
      onConflict: "consume",
      overlapMs: 0,
    });
    expect(await fleet.load([production, staging], 10)).toEqual({
      failed: 0,
      fetches: 0,
      refused: 0,
    });
    fleet.simulator.operator.kill(fleet.appId);
    expect(await fleet.load([production, staging], 10)).toMatchObject({ failed: 0, fetches: 1 });
    const fetchers = new Set(fleet.simulator.log.fetches(fleet.appId).map(({ caller }) => caller));
    expect([...fetchers].toSorted()).toEqual(["foreign", "production-1"]);
  });

  test("environments with different AppIDs share a Redis without a common key", async () => {
    await using one = await openHttpFleet();
    await using other = await openHttpFleet();
    const nodes = [
      one.node("a", redis.url, { environment: "prod" }),
      other.node("b", redis.url, { environment: "prod2" }),
    ];
    await Promise.all(nodes.map((node) => node.call()));
    const keys = (await redis.command("SCAN", "0", "COUNT", "10000")) as readonly [
      string,
      readonly string[],
    ];
    const of = (appId: string): readonly string[] => keys[1].filter((key) => key.includes(appId));
    expect(of(one.appId)).not.toHaveLength(0);
    expect(of(one.appId).filter((key) => key.includes("prod2"))).toEqual([]);
    expect(of(other.appId).filter((key) => key.includes(one.appId))).toEqual([]);
  });

  test("a foreign environment with its own Redis is reported with evidence and remedies", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const node = fleet.node("node-0", redis.url, { overlapMs: 0 });
    await node.call();
    fleet.simulator.operator.kill(fleet.appId);
    await node.call();
    const contended = node.events.find((event) => event.type === "contended");
    expect(contended).toMatchObject({
      state: "suspected",
      count: 1,
      remedy: expect.stringMatching(/AppID|stable|consum/),
    });
    expect(contended?.remainingMs).toBeGreaterThan(7_000_000);
  });
});

describe("requirement 2: the token is renewed before it expires, and its TTL is never trusted alone", () => {
  test("under steady load no call meets an expired token, and each generation is fetched once", async () => {
    const lifetimeMs = 10_000;
    await using fleet = await openHttpFleet({ lifetimeMs });
    const parameters = {
      ...{
        fetchDeadlineMs: 1_000,
        networkDelayMs: 500,
        drainMs: 1_500,
        attemptsMax: 1,
        storeDeadlineMs: 400,
        leaseMs: 2_000,
      },
      ...{ advisoryMs: 6_500, mandatoryMs: 3_000, skewMarginMs: 800, fleetSize: 4 },
    };
    const nodes = nodesOf(4, (name) => fleet.node(name, redis.url, { parameters }));
    const startMs = systemClock.monotonicMs();
    let outcome = { failed: 0, refused: 0 };
    while (systemClock.monotonicMs() - startMs < 2 * lifetimeMs) {
      const { failed, refused } = await fleet.load(nodes, 2);
      outcome = { failed: outcome.failed + failed, refused: outcome.refused + refused };
      await delay(systemClock, 50);
    }
    expect(outcome).toEqual({ failed: 0, refused: 0 });
    const refreshed = nodes
      .flatMap(({ events }) => events.filter((event) => event.type === "refreshed"))
      .toSorted((a, b) => a.generation - b.generation);
    const [first, ...later] = refreshed.map(({ reason }) => reason);
    expect(first).toBe("cold");
    for (const reason of later) expect(["advisory", "mandatory"]).toContain(reason);
    expect(new Set(refreshed.map(({ generation }) => generation)).size).toBe(refreshed.length);
    expect(fleet.fetches()).toBe(refreshed.length);
    expect(fleet.fetches()).toBeGreaterThanOrEqual(3);
    expect(fleet.fetches()).toBeLessThanOrEqual(8);
  });

  test("a token that dies with nearly two hours left is replaced at its first refusal, not at the end of its TTL", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const nodes = nodesOf(3, (name) => fleet.node(name, redis.url, { overlapMs: 0 }));
    await fleet.load(nodes, 1);
    expect(nodes[0]?.client.status().remainingMs).toBeGreaterThan(7_000_000);
    fleet.simulator.operator.kill(fleet.appId);
    expect(await fleet.load(nodes, 5)).toMatchObject({ failed: 0, fetches: 1 });
    expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });
});

describe("requirement 3: a call that is answered 40001 is retried automatically with a live token", () => {
  test.each([0, 300_000])(
    "100 calls on 4 nodes do not notice that the token was killed, with an overlap of %d ms",
    async (overlapMs) => {
      await using fleet = await openHttpFleet({ overlapMs });
      const nodes = nodesOf(4, (name) => fleet.node(name, redis.url, { overlapMs }));
      await fleet.load(nodes, 1);
      fleet.simulator.operator.kill(fleet.appId);
      const outcome = await fleet.load(nodes, 25);
      expect(outcome).toMatchObject({ failed: 0, fetches: 1 });
      // Each call may be refused once, and each node may probe the token; nothing loops.
      expect(outcome.refused).toBeLessThanOrEqual(4 * 25 + 4);
    },
  );

  test("a platform that refuses every token costs each call one replay and no more, and the caller gets the code", async () => {
    await using fleet = await openHttpFleet();
    const node = fleet.node("node-0", redis.url);
    await node.call();
    fleet.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 40001 } : undefined,
    );
    const afterSeq = fleet.simulator.log.seq;
    await expect(node.call()).rejects.toMatchObject({ errcode: 40001 });
    expect(
      fleet.simulator.log.calls({ endpoint: "/cgi-bin/user/info", afterSeq }).length,
    ).toBeLessThanOrEqual(2);
    expect(fleet.fetches()).toBeLessThanOrEqual(2);
  });

  test("a refusal because of a missing permission, 48001, replaces nothing", async () => {
    await using fleet = await openHttpFleet();
    const node = fleet.node("node-0", redis.url);
    await node.call();
    fleet.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 48001 } : undefined,
    );
    await expect(node.call()).rejects.toMatchObject({ errcode: 48001 });
    expect(fleet.fetches()).toBe(1);
  });
});

describe("requirement 4: the events show the whole life of a token: who fetched it, when, why, and who used it", () => {
  test("one subscription per process shows what the platform's log shows, and no secret", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const seen: CredentialEvent[] = [];
    const listener = (event: unknown): void => {
      const fact = event as CredentialEvent;
      if (fact.credential.includes(fleet.appId)) seen.push(fact);
    };
    subscribe(eventChannelName, listener);
    try {
      const [first, second] = [
        fleet.node("first", redis.url, { overlapMs: 0 }),
        fleet.node("second", redis.url, { overlapMs: 0 }),
      ];
      await first.call();
      for (let calls = 0; calls < 3; calls += 1) await second.call();
      const tokens = [await first.client.token()];
      fleet.simulator.operator.kill(fleet.appId);
      await second.call();
      await first.call();
      tokens.push(await first.client.token());

      const refreshed = seen.filter((event) => event.type === "refreshed");
      const adopted = seen.filter((event) => event.type === "adopted");
      const retired = seen.filter((event) => event.type === "retired");
      // Who fetched, when, and why: as the platform saw it.
      const fetched = refreshed.map(({ node, reason, generation }) => ({
        node,
        reason,
        generation,
      }));
      expect(fetched).toEqual([
        { node: "first", reason: "cold", generation: 1 },
        { node: "second", reason: "rejected", generation: 2 },
      ]);
      const logged = fleet.simulator.log
        .fetches(fleet.appId)
        .filter(({ caller }) => caller !== "foreign");
      expect(logged.map(({ caller }) => caller)).toEqual(fetched.map(({ node }) => node));
      for (const [index, { atMs }] of refreshed.entries())
        expect(Math.abs(atMs - logged[index]!.atMs)).toBeLessThan(2_000);
      // Who adopted whose token.
      expect(adopted.find(({ node }) => node === "second")).toMatchObject({
        byNode: "first",
        reason: "cold",
        generation: 1,
      });
      // Who was refused, with what code.
      expect(seen.find(({ type }) => type === "rejected")).toMatchObject({
        node: "second",
        verdict: "current",
        platformCode: "40001",
        generation: 1,
      });
      // Who used it, and how often: of the replaced generation and of the present one.
      expect(retired.find(({ node }) => node === "second")).toMatchObject({
        generation: 1,
        uses: expect.any(Number),
      });
      expect(retired.find(({ node }) => node === "second")?.uses).toBeGreaterThanOrEqual(4);
      expect(first.client.status()).toMatchObject({
        generation: 2,
        by: { node: "second", reason: "rejected" },
      });
      expect(first.client.status().uses).toBeGreaterThanOrEqual(2);
      // None of it contains a token or the AppSecret.
      const everything = JSON.stringify([seen, first.client.status(), second.client.status()]);
      for (const secret of [...tokens, fleet.secret]) expect(everything).not.toContain(secret);
    } finally {
      unsubscribe(eventChannelName, listener);
    }
  });
});

describe("requirement 5: the platform's rules are kept: one valid token, an overlap for the one before, 2000 fetches a day", () => {
  test("a replaced token is no longer used on any node, and still works for calls in flight", async () => {
    await using fleet = await openHttpFleet();
    const nodes = nodesOf(3, (name) => fleet.node(name, redis.url));
    await fleet.load(nodes, 1);
    const before = await nodes[0]!.client.token();
    await nodes[1]!.client.credential.refresh();
    expect(fleet.simulator.operator.inspect(before)?.alive).toBe(true);
    const newest = fleet.simulator.operator.latest(fleet.appId)?.id;
    await expect.poll(() => usedBy(fleet, nodes)).toEqual([newest, newest, newest]);
    const afterSeq = fleet.simulator.log.seq;
    expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    expect(
      new Set(
        fleet.simulator.log.calls({ appId: fleet.appId, afterSeq }).map(({ tokenId }) => tokenId),
      ),
    ).toEqual(new Set([newest]));
  });

  test("one token is fetched while one is enough, whichever and however many nodes ask", async () => {
    await using fleet = await openHttpFleet();
    const nodes = nodesOf(6, (name) => fleet.node(name, redis.url));
    expect(await fleet.load(nodes, 20)).toEqual({ failed: 0, fetches: 1, refused: 0 });
    expect(fleet.simulator.operator.liveTokens(fleet.appId)).toHaveLength(1);
  });

  test("the day's quota includes foreign fetches, and a fetch that would exceed it is not sent", async () => {
    await using fleet = await openHttpFleet();
    const nodes = nodesOf(2, (name) => fleet.node(name, redis.url));
    for (let spent = 0; spent < 1_999; spent += 1)
      fleet.simulator.operator.foreignIssue(fleet.appId);
    await nodes[0]!.call();
    expect(await nodes[0]!.client.reconcileQuota()).toEqual({
      perDay: 2_000,
      used: 2_000,
      remaining: 0,
    });
    const failure: unknown = await nodes[1]!.client.credential
      .refresh()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "QUOTA_EXHAUSTED", resetsInMs: expect.any(Number) });
    expect(fleet.fetches()).toBe(1);
    expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });

  test("another environment that keeps killing the token fails no call while the quota lasts: one fetch for each dead token", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const nodes = nodesOf(3, (name) => fleet.node(name, redis.url, { overlapMs: 0 }));
    await fleet.load(nodes, 1);
    for (let round = 0; round < 6; round += 1) {
      fleet.simulator.operator.kill(fleet.appId);
      expect(await fleet.load(nodes, 5)).toMatchObject({ failed: 0 });
    }
    expect(fleet.fetches()).toBe(7);
  });
});

describe("requirement 6: it is distributed: consistent on a Redis Cluster, one fetch in any race, usable in a partition", () => {
  describe("on a Cluster of three primaries with their replicas", () => {
    let cluster: Cluster;
    const clients: ClusterClient[] = [];

    beforeAll(async () => {
      cluster = await startCluster();
    });

    afterAll(async () => {
      for (const client of clients) client.disconnect();
      await cluster.stop();
    });

    const join = (
      fleet: HttpFleet,
      count: number,
      options?: Parameters<HttpFleet["nodeOn"]>[2],
    ): Promise<Node[]> =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const client = new ClusterClient([
            { host: cluster.nodes[0]!.host, port: cluster.nodes[0]!.port },
          ]);
          client.on("error", () => {});
          clients.push(client);
          await client.ping();
          return fleet.nodeOn(`node-${index}`, client, options);
        }),
      );

    test("eight nodes that start at once fetch one token, and no call fails", async () => {
      await using fleet = await openHttpFleet();
      expect(await fleet.load(await join(fleet, 8), 25)).toEqual({
        failed: 0,
        fetches: 1,
        refused: 0,
      });
    });

    test("calls go on while the token's primary is killed, and a refresh works after its replica took over", async () => {
      await using fleet = await openHttpFleet();
      // The next re-check replaces a message that a node of the Cluster loses while it joins again.
      const nodes = await join(fleet, 3, { parameters: { recheckMs: 3_000, recheckDueMs: 3_000 } });
      await fleet.load(nodes, 1);
      const slot = await cluster.slotOf(nameOf([], nodes[0]!.client.credential.id));
      let isOver = false;
      const failOver = cluster.failOver(slot).finally(() => {
        isOver = true;
      });
      let calls = 0;
      while (!isOver) {
        expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
        calls += 15;
      }
      await failOver;
      expect(calls).toBeGreaterThan(100);
      await expect
        .poll(
          () =>
            nodes[1]!.client.credential.refresh().then(
              () => true,
              () => false,
            ),
          { timeout: 60_000 },
        )
        .toBe(true);
      const newest = fleet.simulator.operator.latest(fleet.appId)?.id;
      await expect
        .poll(() => usedBy(fleet, nodes), { timeout: 60_000 })
        .toEqual([newest, newest, newest]);
      expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    });
  });

  test("a node that is cut off from the store serves the token that it has, and never fetches by itself", async () => {
    await using fleet = await openHttpFleet({ overlapMs: 0 });
    const link = await openLink(redis);
    try {
      const [alone, other] = [
        fleet.node("alone", link.url, { overlapMs: 0, parameters: { waitMs: 2_000 } }),
        fleet.node("other", redis.url, { overlapMs: 0 }),
      ];
      await fleet.load([alone, other], 1);
      await link.freeze();
      expect(await fleet.load([alone, other], 20)).toEqual({ failed: 0, fetches: 0, refused: 0 });

      fleet.simulator.operator.kill(fleet.appId);
      expect(await fleet.load([other], 5)).toMatchObject({ failed: 0, fetches: 1 });
      const afterSeq = fleet.simulator.log.seq;
      await expect(alone.call()).rejects.toMatchObject({ errcode: 40001 });
      expect(fleet.simulator.log.entries({ kind: "issue", appId: fleet.appId, afterSeq })).toEqual(
        [],
      );
      expect(alone.events.map(({ type }) => type)).toContain("store-unavailable");
      expect(await fleet.load([other], 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });

      await link.heal();
      await expect
        .poll(
          () =>
            alone.call().then(
              () => true,
              () => false,
            ),
          { timeout: 60_000 },
        )
        .toBe(true);
      expect(await usedBy(fleet, [alone, other])).toEqual(
        Array(2).fill(fleet.simulator.operator.latest(fleet.appId)?.id),
      );
      expect(fleet.fetches()).toBe(2);
    } finally {
      await link.close();
    }
  });

  test("a Redis that restarts empty gets the token from a node that has it, without a fetch", async () => {
    const emptied = await startServer({ config: ["appendonly no"] });
    try {
      await using fleet = await openHttpFleet();
      const nodes = nodesOf(3, (name) => fleet.node(name, emptied.url));
      await fleet.load(nodes, 1);
      await emptied.kill();
      expect(await fleet.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
      await emptied.restart();
      const repaired = (): number =>
        nodes.flatMap(({ events }) => events.filter(({ type }) => type === "repaired")).length;
      await expect.poll(repaired, { timeout: 120_000 }).toBeGreaterThan(0);
      const late = fleet.node("late", emptied.url);
      expect(await fleet.load([...nodes, late], 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    } finally {
      await emptied.stop();
    }
  });
});

/** Returns the platform's id of the token that each node would send now. */
function usedBy(fleet: HttpFleet, nodes: readonly Node[]): Promise<(string | undefined)[]> {
  return Promise.all(
    nodes.map(async ({ client }) => fleet.simulator.operator.inspect(await client.token())?.id),
  );
}
