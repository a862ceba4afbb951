/**
 * What the incident's report demanded of a solution, in our words, each demand end to end: real
 * nodes, a real Redis or Redis Cluster, a platform over HTTP. The judge is the platform's log,
 * never what a node says of itself.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { delay, eventChannelName, nameOf, systemClock } from "@lingpai/core";
import type { CredentialEvent } from "@lingpai/core";
import { openLink, startCluster, startServer } from "@lingpai/test-servers";
import type { Cluster, Server } from "@lingpai/test-servers";
import { Cluster as ClusterClient } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openArena } from "./http-fleet.fixture.ts";
import type { Arena, Node } from "./http-fleet.fixture.ts";

let redis: Server;

beforeAll(async () => {
  redis = await startServer();
});

afterAll(() => redis.stop());

const nodesOf = (count: number, make: (name: string) => Node): Node[] =>
  Array.from({ length: count }, (_, index) => make(`node-${index}`));

describe("demand 1: development, test and production never take the token away from each other", () => {
  test("a second environment with the same AppID in the same Redis is stopped before it fetches, and told what to do", async () => {
    await using arena = await openArena();
    const production = arena.node("production-1", redis.url, { environment: "production" });
    await production.call();
    const staging = arena.node("staging-1", redis.url, { environment: "staging" });
    await expect(staging.call()).rejects.toMatchObject({
      code: "CREDENTIAL_CONFLICT",
      claimedBy: expect.stringContaining("production"),
    });
    expect(arena.simulator.log.fetches(arena.appId).map(({ caller }) => caller)).toEqual([
      "production-1",
    ]);
    expect(await arena.load([production], 10)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });

  test("or it uses production's token, and never fetches, not even when that dies", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const production = arena.node("production-1", redis.url, {
      environment: "production",
      overlapMs: 0,
    });
    await production.call();
    const staging = arena.node("staging-1", redis.url, {
      environment: "staging",
      onConflict: "consume",
      overlapMs: 0,
    });
    expect(await arena.load([production, staging], 10)).toEqual({
      failed: 0,
      fetches: 0,
      refused: 0,
    });
    arena.simulator.operator.kill(arena.appId);
    expect(await arena.load([production, staging], 10)).toMatchObject({ failed: 0, fetches: 1 });
    const fetchers = new Set(arena.simulator.log.fetches(arena.appId).map(({ caller }) => caller));
    expect([...fetchers].toSorted()).toEqual(["foreign", "production-1"]);
  });

  test("environments with AppIDs of their own share a Redis without a key in common", async () => {
    await using one = await openArena();
    await using other = await openArena();
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

  test("one with a Redis of its own, which nobody can stop, is noticed and named, with evidence and remedies", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const node = arena.node("node-0", redis.url, { overlapMs: 0 });
    await node.call();
    arena.simulator.operator.kill(arena.appId);
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

describe("demand 2: the token is renewed before it expires, and its TTL is never trusted alone", () => {
  test("under steady load over several lifetimes no call ever meets an expired token, and each generation is fetched once, ahead of time", async () => {
    const lifetimeMs = 10_000;
    await using arena = await openArena({ lifetimeMs });
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
    const nodes = nodesOf(4, (name) => arena.node(name, redis.url, { parameters }));
    const startMs = systemClock.monotonicMs();
    let outcome = { failed: 0, refused: 0 };
    while (systemClock.monotonicMs() - startMs < 2 * lifetimeMs) {
      const { failed, refused } = await arena.load(nodes, 2);
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
    expect(arena.fetches()).toBe(refreshed.length);
    expect(arena.fetches()).toBeGreaterThanOrEqual(3);
    expect(arena.fetches()).toBeLessThanOrEqual(8);
  });

  test("a token that dies with nearly two hours on its TTL is replaced at its first refusal, not at its TTL's end", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const nodes = nodesOf(3, (name) => arena.node(name, redis.url, { overlapMs: 0 }));
    await arena.load(nodes, 1);
    expect(nodes[0]?.client.status().remainingMs).toBeGreaterThan(7_000_000);
    arena.simulator.operator.kill(arena.appId);
    expect(await arena.load(nodes, 5)).toMatchObject({ failed: 0, fetches: 1 });
    expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });
});

describe("demand 3: a call that is answered 40001 is retried by itself, with a live token", () => {
  test.each([0, 300_000])(
    "100 calls on 4 nodes do not notice that the token was killed, with an overlap of %d ms",
    async (overlapMs) => {
      await using arena = await openArena({ overlapMs });
      const nodes = nodesOf(4, (name) => arena.node(name, redis.url, { overlapMs }));
      await arena.load(nodes, 1);
      arena.simulator.operator.kill(arena.appId);
      const outcome = await arena.load(nodes, 25);
      expect(outcome).toMatchObject({ failed: 0, fetches: 1 });
      // Each call may be refused once, and each node may probe the token; nothing goes round and
      // round.
      expect(outcome.refused).toBeLessThanOrEqual(4 * 25 + 4);
    },
  );

  test("once and no more: a platform that refuses every token costs each call one replay, and the caller gets the code", async () => {
    await using arena = await openArena();
    const node = arena.node("node-0", redis.url);
    await node.call();
    arena.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 40001 } : undefined,
    );
    const afterSeq = arena.simulator.log.seq;
    await expect(node.call()).rejects.toMatchObject({ errcode: 40001 });
    expect(
      arena.simulator.log.calls({ endpoint: "/cgi-bin/user/info", afterSeq }).length,
    ).toBeLessThanOrEqual(2);
    expect(arena.fetches()).toBeLessThanOrEqual(2);
  });

  test("a refusal for want of permission, 48001, replaces nothing", async () => {
    await using arena = await openArena();
    const node = arena.node("node-0", redis.url);
    await node.call();
    arena.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/user/info" ? { errcode: 48001 } : undefined,
    );
    await expect(node.call()).rejects.toMatchObject({ errcode: 48001 });
    expect(arena.fetches()).toBe(1);
  });
});

describe("demand 4: the whole life of a token can be seen: who fetched it, when, why, and who used it", () => {
  test("from one subscription per process, agreeing with the platform's log, and without a secret", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const seen: CredentialEvent[] = [];
    const listener = (event: unknown): void => {
      const fact = event as CredentialEvent;
      if (fact.credential.includes(arena.appId)) seen.push(fact);
    };
    subscribe(eventChannelName, listener);
    try {
      const [first, second] = [
        arena.node("first", redis.url, { overlapMs: 0 }),
        arena.node("second", redis.url, { overlapMs: 0 }),
      ];
      await first.call();
      for (let calls = 0; calls < 3; calls += 1) await second.call();
      const tokens = [await first.client.token()];
      arena.simulator.operator.kill(arena.appId);
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
      const logged = arena.simulator.log
        .fetches(arena.appId)
        .filter(({ caller }) => caller !== "foreign");
      expect(logged.map(({ caller }) => caller)).toEqual(fetched.map(({ node }) => node));
      for (const [index, { atMs }] of refreshed.entries())
        expect(Math.abs(atMs - logged[index]!.atMs)).toBeLessThan(2_000);
      // Who took over whose token.
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
      // Who used it, and how often: of the generation that is gone, and of the present one.
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
      // And none of it gives the token or the secret away.
      const everything = JSON.stringify([seen, first.client.status(), second.client.status()]);
      for (const secret of [...tokens, arena.secret]) expect(everything).not.toContain(secret);
    } finally {
      unsubscribe(eventChannelName, listener);
    }
  });
});

describe("demand 5: the platform's rules are kept: one token is valid, the one before for an overlap, 2000 fetches a day", () => {
  test("a replaced token stays in use on no node, and works on for those whose call was under way", async () => {
    await using arena = await openArena();
    const nodes = nodesOf(3, (name) => arena.node(name, redis.url));
    await arena.load(nodes, 1);
    const before = await nodes[0]!.client.token();
    await nodes[1]!.client.credential.refresh();
    expect(arena.simulator.operator.inspect(before)?.alive).toBe(true);
    const newest = arena.simulator.operator.latest(arena.appId)?.id;
    await expect.poll(() => usedBy(arena, nodes)).toEqual([newest, newest, newest]);
    const afterSeq = arena.simulator.log.seq;
    expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    expect(
      new Set(
        arena.simulator.log.calls({ appId: arena.appId, afterSeq }).map(({ tokenId }) => tokenId),
      ),
    ).toEqual(new Set([newest]));
  });

  test("two tokens are never fetched while one is enough, whichever node asks and however many", async () => {
    await using arena = await openArena();
    const nodes = nodesOf(6, (name) => arena.node(name, redis.url));
    expect(await arena.load(nodes, 20)).toEqual({ failed: 0, fetches: 1, refused: 0 });
    expect(arena.simulator.operator.liveTokens(arena.appId)).toHaveLength(1);
  });

  test("the day's quota is the fleet's and everybody's: what others spent counts, and the fetch that would exceed it is not sent", async () => {
    await using arena = await openArena();
    const nodes = nodesOf(2, (name) => arena.node(name, redis.url));
    for (let spent = 0; spent < 1_999; spent += 1)
      arena.simulator.operator.foreignIssue(arena.appId);
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
    expect(arena.fetches()).toBe(1);
    expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
  });

  test("a war with another environment fails no call while the ledger allows a fetch: one fetch for each token that died", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const nodes = nodesOf(3, (name) => arena.node(name, redis.url, { overlapMs: 0 }));
    await arena.load(nodes, 1);
    for (let round = 0; round < 6; round += 1) {
      arena.simulator.operator.kill(arena.appId);
      expect(await arena.load(nodes, 5)).toMatchObject({ failed: 0 });
    }
    expect(arena.fetches()).toBe(7);
  });
});

describe("demand 6: it is distributed: consistent on a Redis Cluster, one fetch in any race, usable when the network is torn", () => {
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
      arena: Arena,
      count: number,
      options?: Parameters<Arena["nodeOn"]>[2],
    ): Promise<Node[]> =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const client = new ClusterClient([
            { host: cluster.nodes[0]!.host, port: cluster.nodes[0]!.port },
          ]);
          client.on("error", () => {});
          clients.push(client);
          await client.ping();
          return arena.nodeOn(`node-${index}`, client, options);
        }),
      );

    test("eight nodes that start at once fetch one token, and no call fails", async () => {
      await using arena = await openArena();
      expect(await arena.load(await join(arena, 8), 25)).toEqual({
        failed: 0,
        fetches: 1,
        refused: 0,
      });
    });

    test("calls go on while the primary that holds the token is killed, and a refresh works after its replica took over", async () => {
      await using arena = await openArena();
      // A message that a node of the Cluster loses while it joins again is made up for by the next
      // re-check.
      const nodes = await join(arena, 3, { parameters: { recheckMs: 3_000, recheckDueMs: 3_000 } });
      await arena.load(nodes, 1);
      const slot = await cluster.slotOf(nameOf([], nodes[0]!.client.credential.id));
      let isOver = false;
      const failOver = cluster.failOver(slot).finally(() => {
        isOver = true;
      });
      let calls = 0;
      while (!isOver) {
        expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
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
      const newest = arena.simulator.operator.latest(arena.appId)?.id;
      await expect
        .poll(() => usedBy(arena, nodes), { timeout: 60_000 })
        .toEqual([newest, newest, newest]);
      expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    });
  });

  test("a node that is cut off from the store serves what it holds, and never fetches on its own", async () => {
    await using arena = await openArena({ overlapMs: 0 });
    const link = await openLink(redis);
    try {
      const [alone, other] = [
        arena.node("alone", link.url, { overlapMs: 0, parameters: { waitMs: 2_000 } }),
        arena.node("other", redis.url, { overlapMs: 0 }),
      ];
      await arena.load([alone, other], 1);
      await link.freeze();
      expect(await arena.load([alone, other], 20)).toEqual({ failed: 0, fetches: 0, refused: 0 });

      arena.simulator.operator.kill(arena.appId);
      expect(await arena.load([other], 5)).toMatchObject({ failed: 0, fetches: 1 });
      const afterSeq = arena.simulator.log.seq;
      await expect(alone.call()).rejects.toMatchObject({ errcode: 40001 });
      expect(arena.simulator.log.entries({ kind: "issue", appId: arena.appId, afterSeq })).toEqual(
        [],
      );
      expect(alone.events.map(({ type }) => type)).toContain("store-unavailable");
      expect(await arena.load([other], 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });

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
      expect(await usedBy(arena, [alone, other])).toEqual(
        Array(2).fill(arena.simulator.operator.latest(arena.appId)?.id),
      );
      expect(arena.fetches()).toBe(2);
    } finally {
      await link.close();
    }
  });

  test("a Redis that came back empty is given the token again by a node that holds it, without a fetch", async () => {
    const forgetful = await startServer({ config: ["appendonly no"] });
    try {
      await using arena = await openArena();
      const nodes = nodesOf(3, (name) => arena.node(name, forgetful.url));
      await arena.load(nodes, 1);
      await forgetful.kill();
      expect(await arena.load(nodes, 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
      await forgetful.restart();
      const repaired = (): number =>
        nodes.flatMap(({ events }) => events.filter(({ type }) => type === "repaired")).length;
      await expect.poll(repaired, { timeout: 120_000 }).toBeGreaterThan(0);
      const late = arena.node("late", forgetful.url);
      expect(await arena.load([...nodes, late], 5)).toEqual({ failed: 0, fetches: 0, refused: 0 });
    } finally {
      await forgetful.stop();
    }
  });
});

/** The platform's name for the token that each node would send now. */
function usedBy(arena: Arena, nodes: readonly Node[]): Promise<(string | undefined)[]> {
  return Promise.all(
    nodes.map(async ({ client }) => arena.simulator.operator.inspect(await client.token())?.id),
  );
}
