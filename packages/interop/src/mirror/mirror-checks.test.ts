/** A fleet that only mirrors: none of its own calls would tell it that the token is dead. */
import { memoryLock } from "@lingpai/adapter-memory";
import { afterEach, describe, expect, test } from "vitest";
import { appId, goKey, javaKey, mirrorFleet } from "./mirror-fleet.fixture.ts";
import type { MirrorFleet } from "./mirror-fleet.fixture.ts";
import { mirror } from "./mirror.ts";
import type { MirrorOptions } from "./mirror.ts";
import { refusedTokenKey } from "./refused-token.ts";

const open: MirrorFleet[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function started(
  nodes: number,
  options: Pick<MirrorOptions, "probeMs" | "reportMs">,
): Promise<MirrorFleet> {
  const made = mirrorFleet(nodes, options);
  open.push(made);
  await made.startAll();
  await made.clock.advance(60_000);
  return made;
}

/**
 * Calls every 500 ms with the token in Redis, as another service does. Returns how many calls
 * failed.
 */
async function callFor(
  { clock, held, live, raw }: MirrorFleet,
  ms: number,
  report?: () => Promise<unknown>,
): Promise<number> {
  let failed = 0;
  for (let passed = 0; passed < ms; passed += 500) {
    const id = await held(goKey);
    if (id === undefined || !live().includes(id)) {
      failed += 1;
      await report?.();
    }
    await clock.advance(500);
  }
  expect(raw.failure).toBeUndefined();
  return failed;
}

const probes = ({ simulator }: MirrorFleet): number =>
  simulator.log.calls().filter(({ endpoint }) => endpoint === "/cgi-bin/getcallbackip").length;
/** Fetches by our nodes only. The log also contains the foreign ones, which killed our token. */
const fetches = ({ simulator }: MirrorFleet): number =>
  simulator.log.fetches(appId, "/cgi-bin/token").filter(({ caller }) => caller.startsWith("node-"))
    .length;
/** Reports a refused token as a service in any language does. */
const reportOf = async ({ raw }: MirrorFleet, text: string): Promise<boolean> =>
  raw.setIfAbsent(refusedTokenKey(text), "40001", 10_000);

describe("a fleet that only mirrors", () => {
  test.each([1, 4])(
    "of %i nodes notices within probeMs that the token was killed, and replaces it by one fetch",
    async (nodes) => {
      const fleet = await started(nodes, { probeMs: 10_000, reportMs: 0 });
      const before = fetches(fleet);
      fleet.simulator.operator.kill(appId);
      expect(await callFor(fleet, 60_000)).toBeLessThanOrEqual(20);
      expect(fetches(fleet) - before).toBe(1);
      expect(await fleet.held(javaKey)).toBe(fleet.simulator.operator.latest(appId)?.id);
      const told = fleet.nodes.flatMap(({ events }) =>
        events.filter(({ type }) => type === "checked"),
      );
      expect(told).toEqual([{ type: "checked", cause: "probe", found: "replaced" }]);
    },
  );

  test("probes once per probeMs for all nodes, and continues when the node whose turn it is stops", async () => {
    const fleet = await started(5, { probeMs: 10_000, reportMs: 0 });
    const before = probes(fleet);
    await fleet.clock.advance(600_000);
    expect(probes(fleet) - before).toBeGreaterThanOrEqual(60);
    expect(probes(fleet) - before).toBeLessThanOrEqual(76);
    for (const { mirror: each, client } of fleet.nodes.slice(1)) {
      await each.close();
      await client.close();
    }
    fleet.simulator.operator.kill(appId);
    expect(await callFor(fleet, 60_000)).toBeLessThanOrEqual(20);
  });

  test("replaces nothing while the platform gives no verdict", async () => {
    const fleet = await started(1, { probeMs: 5_000, reportMs: 0 });
    fleet.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/getcallbackip" ? { errcode: -1 } : undefined,
    );
    const before = fetches(fleet);
    await fleet.clock.advance(120_000);
    expect(fetches(fleet)).toBe(before);
  });
});

describe("a report of a refused token", () => {
  test("causes a replacement within a second, by one fetch, whichever node reads it", async () => {
    const fleet = await started(3, { probeMs: 0, reportMs: 500 });
    const before = fetches(fleet);
    fleet.simulator.operator.kill(appId);
    const report = async (): Promise<boolean> =>
      reportOf(fleet, (await fleet.raw.get(goKey)) ?? "");
    // At 2 calls a second: the one that reports, and those in the second until the replacement.
    expect(await callFor(fleet, 60_000, report)).toBeLessThanOrEqual(3);
    expect(fetches(fleet) - before).toBe(1);
    const told = fleet.nodes.flatMap(({ events }) =>
      events.filter(({ type }) => type === "checked"),
    );
    expect(told[0]).toEqual({
      type: "checked",
      cause: "report",
      found: "replaced",
      platformCode: "40001",
    });
  });

  test("that is false costs at most one probe every few seconds, and no token", async () => {
    const fleet = await started(3, { probeMs: 0, reportMs: 500 });
    const [fetched, asked] = [fetches(fleet), probes(fleet)];
    for (let passed = 0; passed < 60_000; passed += 500) {
      await reportOf(fleet, (await fleet.raw.get(javaKey)) ?? "");
      await fleet.clock.advance(500);
    }
    expect(fetches(fleet)).toBe(fetched);
    expect(probes(fleet) - asked).toBeGreaterThan(0);
    expect(probes(fleet) - asked).toBeLessThanOrEqual(12);
    expect(fleet.nodes.flatMap(({ events }) => events)).toContainEqual({
      type: "checked",
      cause: "report",
      found: "alive",
      platformCode: "40001",
    });
  });

  test("replaces nothing while the platform gives no verdict, and later reports are still read", async () => {
    const fleet = await started(2, { probeMs: 0, reportMs: 500 });
    const before = fetches(fleet);
    fleet.simulator.faults.always(({ endpoint }) =>
      endpoint === "/cgi-bin/getcallbackip" ? { errcode: -1 } : undefined,
    );
    await reportOf(fleet, (await fleet.raw.get(goKey)) ?? "");
    await fleet.clock.advance(20_000);
    expect(fetches(fleet)).toBe(before);
    const told = fleet.nodes.flatMap(({ events }) =>
      events.filter(({ type }) => type === "checked"),
    );
    expect(told).toEqual([
      { type: "checked", cause: "report", found: "unknown", platformCode: "40001" },
    ]);
    expect(await reportOf(fleet, (await fleet.raw.get(goKey)) ?? "")).toBe(true);
  });

  test("about a replaced token is read by nobody", async () => {
    const fleet = await started(1, { probeMs: 0, reportMs: 500 });
    const old = (await fleet.raw.get(goKey)) ?? "";
    const refreshed = fleet.nodes[0]!.client.credential.refresh();
    await fleet.clock.advance(2_000);
    await refreshed;
    const [fetched, asked] = [fetches(fleet), probes(fleet)];
    await reportOf(fleet, old);
    await fleet.clock.advance(5_000);
    expect([fetches(fleet), probes(fleet)]).toEqual([fetched, asked]);
  });

  test("contains no token, and its key can be computed in every language", () => {
    expect(refusedTokenKey("abc")).toBe(
      "lingpai:refused:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

test("a closed mirror neither probes nor reads", async () => {
  const fleet = await started(1, { probeMs: 5_000, reportMs: 100 });
  await fleet.close();
  const asked = probes(fleet);
  await fleet.clock.advance(60_000);
  expect(probes(fleet)).toBe(asked);
  expect(fleet.clock.pendingTimers).toBe(0);
});

test("an interval that would overload the platform or the store is refused", () => {
  const fleet = mirrorFleet(1);
  open.push(fleet);
  const [node] = fleet.nodes;
  const settings = {
    store: fleet.raw,
    lock: memoryLock(),
    to: [{ convention: "wxjava/mp", appId }] as const,
  };
  expect(() => mirror(node!.client.credential, { ...settings, probeMs: 100 })).toThrow(
    "probeMs is 100. Give 5000 or more, or 0 for never.",
  );
  expect(() => mirror(node!.client.credential, { ...settings, reportMs: 1 })).toThrow(
    "reportMs is 1. Give 100 or more",
  );
});
