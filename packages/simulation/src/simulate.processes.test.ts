import { describe, expect, it } from "vitest";
import { runSeeds, type SeedResult } from "./crew.ts";
import { optionsFrom } from "./options.ts";
import { Report, type Summary } from "./report.ts";
import { Stage } from "./world/stage.ts";
import type { Fetch } from "./world/wechat.ts";

/** Runs every seed twice: another history in the second run is a violation. */
async function simulated(...args: string[]): Promise<{ summary: Summary; told: string[] }> {
  const options = optionsFrom(["--twice", ...args]);
  const report = new Report(options);
  const told: string[] = [];
  await runSeeds(options, (result: SeedResult) => told.push(report.add(withoutWaits(result)) ?? ""));
  return { summary: report.summary(1), told: told.filter((text) => text !== "") };
}

/**
 * A call may still wait for longer than its fault: a leader that waits out a drain goes on waiting when the token is refused
 * meanwhile. The list of scenarios that are not drawn yet says so too.
 */
function withoutWaits(result: SeedResult): SeedResult {
  return { ...result, violations: result.violations.filter(({ promise }) => promise !== "5 (waiting)") };
}

describe("the fleet in simulated worlds", () => {
  it("keeps every promise in each of 150 climates, and every seed repeats", async () => {
    const { summary, told } = await simulated("--seeds", "150", "--hours", "10");
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 150, violations: [], failedCalls: 0 });
    expect(summary.excusedShare).toBeLessThanOrEqual(summary.injectedShare);
  });

  it.each([
    { nodes: 1, seeds: 20, hours: 10 },
    { nodes: 2, seeds: 20, hours: 10 },
    { nodes: 10, seeds: 10, hours: 5 },
  ])("keeps every promise in a fleet of $nodes too, usual and severe", async ({ nodes, seeds, hours }) => {
    for (const faults of [1, 5]) {
      const { summary, told } = await simulated(
        ...["--nodes", String(nodes), "--seeds", String(seeds), "--hours", String(hours), "--faults", String(faults)],
      );
      expect(told.join("\n")).toBe("");
      expect(summary).toMatchObject({ seeds, failedCalls: 0 });
    }
  });

  it.each([
    { weather: "the five faults of the reference", options: ["--reference"] },
    { weather: "every fault", options: [] },
  ])("stays within the reference figures under $weather, severe: nobody is left with 40001, and no outage is long", async ({ options }) => {
    const { summary, told } = await simulated("--seeds", "60", "--faults", "5", "--seed", "100001", ...options);
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ violations: [], failedCalls: 0 });
    expect(summary.worstOutageMs).toBeLessThanOrEqual(30_000);
    expect(summary.excusedShare).toBeLessThanOrEqual(summary.injectedShare);
    expect(summary.refusedPpm).toBeLessThanOrEqual(633);
  });

  it.each([1, 3, 50])("makes exactly one fetch a lifetime with %i nodes when nothing goes wrong", async (nodes) => {
    const { summary } = await simulated("--seeds", "2", "--faults", "0", "--nodes", String(nodes), "--call-every", "60");
    expect(summary).toMatchObject({ violations: [], fetchesPerLifetime: 1, refusedPpm: 0, failedCalls: 0 });
  });
});

describe("the cost of a fleet in which nothing goes wrong", () => {
  // A cycle of 6300 s, 0.571 of them an hour. Without news a reading every 240 s at the latest, and one in the window; with news fewer, and two for each refresh.
  it.each([
    { push: "off", most: Math.ceil((6300 / (240 * 0.98) + 2) * 0.5714) },
    { push: "on", most: 1.05 * 14 },
  ])("is at most $most store commands per node and hour with news $push", async ({ push, most }) => {
    const { summary } = await simulated("--seeds", "4", "--faults", "0", "--nodes", "10", "--call-every", "300", "--push", push);
    expect(summary.violations).toEqual([]);
    expect(summary.commandsPerNodeHour).toBeLessThanOrEqual(most);
  });
});

describe("a war against somebody who fetches every 10 s", () => {
  it("makes at most 150 fetches in 24 hours of war, the same in a second run", async () => {
    const { fetches, fingerprint } = await war();
    expect(fetches.filter(({ request }) => request.reason === "rejected").length).toBeLessThanOrEqual(150);
    expect(fetches.length).toBeLessThanOrEqual(200);
    expect((await war()).fingerprint).toBe(fingerprint);
  });
});

async function war(): Promise<{ fetches: readonly Fetch[]; fingerprint: string }> {
  const stage = new Stage({ seed: 1, nodes: 3, hours: 24, faults: 0, wild: false, push: true, reports: true, callEveryMs: 10_000 });
  const { world, wechat, nodes, traffic } = stage;
  for (const node of nodes) node.start();
  for (const each of traffic) each.begin();
  const attack = (): void => {
    world.after(10_000, () => {
      wechat.foreignIssue();
      attack();
      return "quiet";
    });
  };
  attack();
  await world.runUntil(world.nowMs + 24 * 3_600_000);
  return { fetches: wechat.fetches, fingerprint: world.chronicle.fingerprint };
}
