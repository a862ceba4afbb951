import { describe, expect, it } from "vitest";
import { runSeeds, type SeedResult } from "./worker-pool.ts";
import { optionsFrom } from "./options.ts";
import { Report, type Summary } from "./report.ts";
import { Stage } from "./cluster/cluster.ts";
import type { Fetch } from "./platform/wechat.ts";

async function simulated(...args: string[]): Promise<{ summary: Summary; told: string[] }> {
  const options = optionsFrom(args);
  const report = new Report(options);
  const told: string[] = [];
  await runSeeds(options, (result: SeedResult) => told.push(report.add(result) ?? ""));
  return { summary: report.summary(1), told: told.filter((text) => text !== "") };
}

/** Room for a machine that does other things too. */
const patient = { timeout: 300_000 };

describe("the fleet in simulated worlds", patient, () => {
  it("keeps every promise in each of 200 severe climates", async () => {
    const { summary, told } = await simulated("--seeds", "200", "--hours", "3", "--faults", "5");
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 200, failedCalls: 0 });
    expect(summary.excusedShare).toBeLessThanOrEqual(summary.injectedShare);
  });

  it("repeats every seed: another history in a second run is a violation", async () => {
    const { summary, told } = await simulated(
      "--twice",
      "--seeds",
      "30",
      "--seed",
      "201",
      "--hours",
      "3",
      "--faults",
      "5",
    );
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 30, failedCalls: 0 });
  });

  it.each([1, 2, 10])(
    "keeps every promise in a fleet of %i too, usual and severe",
    async (nodes) => {
      for (const faults of [1, 5]) {
        const { summary, told } = await simulated(
          "--nodes",
          String(nodes),
          "--seeds",
          "6",
          "--hours",
          "5",
          "--faults",
          String(faults),
        );
        expect(told.join("\n")).toBe("");
        expect(summary).toMatchObject({ seeds: 6, failedCalls: 0 });
      }
    },
  );

  it("lets a fleet that nobody calls rest for hours, and serve whoever calls then", async () => {
    const { summary, told } = await simulated(
      "--seeds",
      "4",
      "--hours",
      "20",
      "--scenario",
      "idle-hours",
    );
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 4, failedCalls: 0 });
  });

  it("stays within the reference figures under the five faults of the reference, severe: nobody is left with 40001, and no outage is long", async () => {
    const { summary, told } = await simulated(
      "--seeds",
      "30",
      "--faults",
      "5",
      "--seed",
      "100001",
      "--reference",
    );
    expect(told.join("\n")).toBe("");
    expect(summary).toMatchObject({ failedCalls: 0 });
    expect(summary.worstOutageMs).toBeLessThanOrEqual(30_000);
    expect(summary.refusedPpm).toBeLessThanOrEqual(633);
  });

  it.each([1, 3, 50])(
    "makes exactly one fetch a lifetime with %i nodes when nothing goes wrong",
    async (nodes) => {
      const { summary } = await simulated(
        "--seeds",
        "2",
        "--hours",
        "10",
        "--faults",
        "0",
        "--nodes",
        String(nodes),
        "--call-every",
        "60",
      );
      expect(summary).toMatchObject({
        violations: [],
        fetchesPerLifetime: 1,
        refusedPpm: 0,
        failedCalls: 0,
      });
    },
  );
});

describe("the cost of a fleet in which nothing goes wrong", patient, () => {
  // A cycle of 6300 s, 0.571 of them an hour. Without news a reading every 240 s at the latest, and
  // one in the window; with news one every 255 s, the longest pause that keeps P3, and two for each
  // refresh.
  it.each([
    { push: "off", most: Math.ceil((6300 / (240 * 0.98) + 2) * 0.5714) },
    { push: "on", most: 1.05 * 15.7 },
  ])(
    "is at most $most store commands per node and hour with news $push",
    async ({ push, most }) => {
      const { summary } = await simulated(
        "--seeds",
        "4",
        "--faults",
        "0",
        "--nodes",
        "10",
        "--call-every",
        "300",
        "--push",
        push,
      );
      expect(summary.violations).toEqual([]);
      expect(summary.commandsPerNodeHour).toBeLessThanOrEqual(most);
    },
  );
});

describe("a war against somebody who fetches every 10 s", patient, () => {
  it("spends at most 60 % of the day's quota on refusals in 24 hours of war", async () => {
    const fetches = await war();
    expect(
      fetches.filter(({ request }) => request.reason === "rejected").length,
    ).toBeLessThanOrEqual(0.6 * 2_000);
    expect(fetches.length).toBeLessThanOrEqual(0.9 * 2_000);
  });
});

async function war(): Promise<readonly Fetch[]> {
  const stage = new Stage({
    seed: 1,
    nodes: 3,
    hours: 24,
    faults: 0,
    wild: false,
    push: true,
    reports: true,
    callEveryMs: 10_000,
  });
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
  return wechat.fetches;
}
