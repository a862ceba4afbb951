import { describe, expect, it } from "vitest";
import { runSeed, runSeeds, type SeedResult } from "./worker-pool.ts";
import { optionsFrom, replayCommand } from "./options.ts";
import { Report, type Summary } from "./report.ts";
import { Cluster } from "./cluster/cluster.ts";
import type { Fetch } from "./platform/wechat.ts";

async function simulated(...args: string[]): Promise<{ summary: Summary; texts: string[] }> {
  const options = optionsFrom(args);
  const report = new Report(options);
  const texts: string[] = [];
  await runSeeds(options, (result: SeedResult) => texts.push(report.add(result) ?? ""));
  return { summary: report.summary(1), texts: texts.filter((text) => text !== "") };
}

/** Enough time for a busy machine. */
const longTest = { timeout: 300_000 };

describe("a simulated fleet", longTest, () => {
  it("keeps every promise under each of 200 seeds with severe faults", async () => {
    const { summary, texts } = await simulated("--seeds", "200", "--hours", "3", "--faults", "5");
    expect(texts.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 200, failedCalls: 0 });
    expect(summary.excusedShare).toBeLessThanOrEqual(summary.injectedShare);
  });

  it("makes the same trace in a second run of each seed", async () => {
    const { summary, texts } = await simulated(
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
    expect(texts.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 30, failedCalls: 0 });
  });

  it("makes the same trace in any thread, after any other seeds, and by the command that replays it", async () => {
    const options = optionsFrom("--seeds 8 --hours 2 --faults 5 --workers 2".split(" "));
    const results: SeedResult[] = [];
    await runSeeds(options, (result) => results.push(result));
    for (const { seed, scenarios, fingerprint, description } of results.toReversed()) {
      const command = replayCommand(options, seed, scenarios);
      const replayed = await runSeed(optionsFrom(command.split(" ").slice(2)), seed);
      expect(replayed, command).toMatchObject({ fingerprint, description });
    }
    expect(results).toHaveLength(8);
  });

  it.each([1, 2, 10])(
    "keeps every promise with %i nodes too, under usual and severe faults",
    async (nodes) => {
      for (const faults of [1, 5]) {
        const { summary, texts } = await simulated(
          "--nodes",
          String(nodes),
          "--seeds",
          "6",
          "--hours",
          "5",
          "--faults",
          String(faults),
        );
        expect(texts.join("\n")).toBe("");
        expect(summary).toMatchObject({ seeds: 6, failedCalls: 0 });
      }
    },
  );

  it("fetches nothing during idle hours, and serves later callers", async () => {
    const { summary, texts } = await simulated(
      "--seeds",
      "4",
      "--hours",
      "20",
      "--scenario",
      "idle-hours",
    );
    expect(texts.join("\n")).toBe("");
    expect(summary).toMatchObject({ seeds: 4, failedCalls: 0 });
  });

  it("stays within the reference figures under the five reference faults at severe strength: no call ends with 40001, and no outage is long", async () => {
    const { summary, texts } = await simulated(
      "--seeds",
      "30",
      "--faults",
      "5",
      "--seed",
      "100001",
      "--reference",
    );
    expect(texts.join("\n")).toBe("");
    expect(summary).toMatchObject({ failedCalls: 0 });
    expect(summary.worstOutageMs).toBeLessThanOrEqual(30_000);
    expect(summary.refusedPpm).toBeLessThanOrEqual(633);
  });

  it.each([1, 3, 50])(
    "makes exactly one fetch a lifetime with %i nodes and no faults",
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

describe("the cost of a fleet without faults", longTest, () => {
  // A refresh cycle takes 6300 s, so there are 0.571 an hour. Without push a node reads every 240 s
  // at the latest, and once in the refresh window. With push it reads every 255 s, the longest
  // interval that keeps P3, and twice for each refresh.
  it.each([
    { push: "off", most: Math.ceil((6300 / (240 * 0.98) + 2) * 0.5714) },
    { push: "on", most: 1.05 * 15.7 },
  ])(
    "is at most $most store commands per node and hour with push $push",
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

describe("a fleet whose token another system replaces every 10 s", longTest, () => {
  it("uses at most 60 % of the day's quota for refusals in 24 hours", async () => {
    const fetches = await fetchesOfContention();
    expect(
      fetches.filter(({ request }) => request.reason === "rejected").length,
    ).toBeLessThanOrEqual(0.6 * 2_000);
    expect(fetches.length).toBeLessThanOrEqual(0.9 * 2_000);
  });
});

/** Runs 24 hours in which another system fetches every 10 s. */
async function fetchesOfContention(): Promise<readonly Fetch[]> {
  const cluster = new Cluster({
    seed: 1,
    nodes: 3,
    hours: 24,
    faults: 0,
    wild: false,
    push: true,
    reports: true,
    callEveryMs: 10_000,
  });
  const { world, wechat, nodes, workloads } = cluster;
  for (const node of nodes) node.start();
  for (const each of workloads) each.begin();
  const fetchElsewhere = (): void => {
    world.after(10_000, () => {
      wechat.foreignIssue();
      fetchElsewhere();
      return "quiet";
    });
  };
  fetchElsewhere();
  await world.runUntil(world.nowMs + 24 * 3_600_000);
  return wechat.fetches;
}
