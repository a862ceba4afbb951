/** The mirror over days, on a manual clock. */
import { memoryLock, memoryStore } from "@lingpai/adapter-memory";
import { manualClock, seededRandom } from "@lingpai/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import { appId, goKey, javaKey, mirrorFleet, secret } from "./mirror-fleet.fixture.ts";
import type { MirrorFleet } from "./mirror-fleet.fixture.ts";
import { mirror } from "./mirror.ts";
import { memoryRawStore } from "../store/memory-store.fixture.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

function fleet(nodes: number): MirrorFleet {
  const made = mirrorFleet(nodes);
  open.push(made);
  return made;
}

describe("constructing a mirror", () => {
  test("does nothing, neither at the platform nor in the store", async () => {
    const { clock, raw, simulator } = fleet(1);
    await clock.advance(60_000);
    expect(simulator.log.fetches()).toEqual([]);
    expect(raw.writes).toEqual([]);
  });

  test("is refused without a target, and with an interval that would overload the store", () => {
    const { nodes } = fleet(1);
    const [node] = nodes;
    const lock = memoryLock();
    const store = memoryRawStore(manualClock());
    expect(() => mirror(node!.client.credential, { store, lock, to: [] })).toThrow(/targets/);
    const to = [{ convention: "wxjava/mp", appId }] as const;
    expect(() => mirror(node!.client.credential, { store, lock, to, checkMs: 10 })).toThrow(
      /checkMs/,
    );
  });
});

describe("a mirror", () => {
  test("keeps a live token in the key at every moment of two days, with one fetch a generation", async () => {
    const { clock, held, live, simulator, startAll } = fleet(3);
    await startAll();
    for (let minute = 0; minute < 2 * 24 * 60; minute += 1) {
      await clock.advance(60_000);
      for (const key of [goKey, javaKey]) {
        const id = await held(key);
        expect(id, `${key} is missing after ${minute} min`).toBeDefined();
        expect(live()).toContain(id);
      }
    }
    // A generation lasts from 6300 s, when a refresh may start, to 7200 s.
    const fetches = simulator.log.fetches(appId, "/cgi-bin/token").length;
    expect(fetches).toBeGreaterThanOrEqual(24);
    expect(fetches).toBeLessThanOrEqual(28);
  });

  test("is written by one node of many, once for each generation and key, even if a write is slow", async () => {
    const { clock, raw, startAll } = fleet(8);
    raw.latencyMs = 30;
    await startAll();
    expect(raw.writes.map(({ key }) => key).toSorted()).toEqual([goKey, javaKey].toSorted());
    const wx = raw.writes.filter(({ key }) => key === javaKey);
    await clock.advance(6_000_000);
    expect(raw.writes.filter(({ key }) => key === javaKey)).toEqual(wx);
  });

  test("contains the new token at once after a commit, whichever node committed", async () => {
    const { clock, held, nodes, raw, simulator, startAll } = fleet(3);
    await startAll();
    const refreshed = nodes[2]!.client.credential.refresh();
    await clock.advance(200);
    await refreshed;
    const newest = simulator.operator.latest(appId)?.id;
    expect([await held(goKey), await held(javaKey)]).toEqual([newest, newest]);
    expect(raw.writes.at(-1)?.by).toBe("node-2");
  });

  test("is kept by the others when the node that committed is gone", async () => {
    const { clock, held, live, nodes, startAll } = fleet(2);
    await startAll();
    await nodes[0]!.mirror.close();
    await nodes[0]!.client.close();
    await clock.advance(3 * 7_200_000);
    expect(live()).toContain(await held(goKey));
  });

  test("is written by another node when the one that committed dies before it could", async () => {
    const { clock, held, nodes, raw, simulator, startAll } = fleet(3);
    await startAll();
    await nodes[0]!.mirror.close();
    const refreshed = nodes[0]!.client.credential.refresh();
    await clock.advance(3_000);
    await refreshed;
    expect(await held(goKey)).toBe(simulator.operator.latest(appId)?.id);
    expect(raw.writes.filter(({ key }) => key === goKey)).toHaveLength(2);
    expect(raw.writes.at(-1)?.by).not.toBe("node-0");
  });

  test("restores a key that was deleted or that its SDK overwrote, and reports the latter", async () => {
    const { clock, held, nodes, raw, simulator, startAll } = fleet(1);
    await startAll();
    await clock.advance(60_000);
    await raw.set(javaKey, simulator.operator.foreignIssue(appId), 7_200_000);
    await raw.set(goKey, "x", 1);
    await clock.advance(40_000);
    const [node] = nodes;
    expect(await raw.get(javaKey)).toBe(node?.client.credential.peek()?.reveal());
    expect(await held(goKey)).toBeDefined();
    expect(node?.events.filter(({ type }) => type === "overwritten")).toEqual([
      { type: "overwritten", convention: "wxjava/mp", generation: 1 },
    ]);
  });

  test("corrects a node that woke late and wrote the previous token, and reports no foreign fetch", async () => {
    const { clock, held, nodes, raw, simulator, startAll } = fleet(1);
    await startAll();
    const [node] = nodes;
    const before = await node!.client.token();
    const refreshed = node!.client.credential.refresh();
    await clock.advance(35_000);
    await refreshed;
    await raw.set(javaKey, before, 7_200_000);
    await clock.advance(35_000);
    expect(await held(javaKey)).toBe(simulator.operator.latest(appId)?.id);
    expect(node!.events.map(({ type }) => type)).not.toContain("overwritten");
  });

  test("that cannot reach its store fails no call, reports it without key or token, and catches up", async () => {
    const { clock, held, nodes, raw, simulator } = fleet(1);
    const [node] = nodes;
    const leak = `ERR unknown command 'SET' with args beginning with: 'official_account.${secret}'`;
    raw.failure = Object.assign(new Error(leak), {
      code: "ECONNREFUSED",
      command: { args: [goKey] },
    });
    const started = node!.mirror.start();
    await clock.advance(10_000);
    expect(await started).toBe(false);
    expect(await node!.client.token()).toBe(node!.client.credential.peek()?.reveal());
    const failures = node!.events.filter((event) => event.type === "mirror-failed");
    expect(failures.length).toBeGreaterThan(1);
    expect(failures[0]).toMatchObject({ step: "store", error: "Error ECONNREFUSED" });
    expect(JSON.stringify(node!.events)).not.toContain(secret);
    raw.failure = undefined;
    await clock.advance(31_000);
    expect(await held(goKey)).toBe(simulator.operator.latest(appId)?.id);
  });

  test("changes no key while the platform is down, and limits the fetches", async () => {
    const { clock, nodes, raw, simulator, startAll } = fleet(1);
    await startAll();
    const before = raw.writes.length;
    simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/token" ? { errcode: -1 } : undefined,
    );
    await clock.advance(7_300_000);
    expect(await raw.get(goKey)).toBeUndefined();
    const afterEnd = simulator.log.fetches(appId).length;
    await clock.advance(600_000);
    expect(simulator.log.fetches(appId).length - afterEnd).toBeLessThan(60);
    expect(raw.writes.length).toBeGreaterThanOrEqual(before);
    expect(nodes[0]?.events.at(-1)).toMatchObject({ type: "mirror-failed", step: "credential" });
  });

  test("writes nothing after it was closed, and leaves no timer", async () => {
    const { clock, nodes, raw, startAll } = fleet(1);
    await startAll();
    await nodes[0]!.mirror.close();
    await nodes[0]!.client.close();
    const { length } = raw.writes;
    await clock.advance(7_200_000);
    expect(raw.writes).toHaveLength(length);
    expect(clock.pendingTimers).toBe(0);
    await expect(nodes[0]!.mirror.start()).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("ends with its credential", async () => {
    const { clock, nodes, startAll } = fleet(1);
    await startAll();
    await nodes[0]!.client.close();
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
    expect(nodes[0]!.events.filter(({ type }) => type === "mirror-failed")).toEqual([]);
  });

  test("continues when a listener throws", async () => {
    const { clock, held, raw, nodes } = fleet(1);
    const [node] = nodes;
    const settings = {
      store: raw,
      lock: memoryLock(memoryStore({ clock }), { clock }),
      clock,
      random: seededRandom(1),
    };
    const fragile = mirror(node!.client.credential, {
      ...settings,
      to: [{ convention: "wxjava/mp", appId }],
      onEvent() {
        throw new Error("from the listener");
      },
    });
    open.push(fragile);
    const started = fragile.start();
    await clock.advance(1_000);
    expect(await started).toBe(true);
    expect(await held(javaKey)).toBeDefined();
  });
});
