/** The incident: several SDKs use a token that only one of them may fetch. */
import type { Bench } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { exactly, judged, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { inRounds } from "../rounds.ts";
import { median, rounded, spreadOf } from "../statistics.ts";
import { named } from "../versions.ts";
import {
  incidentContenderNames,
  type IncidentContenderName,
  type IncidentOrders,
} from "./protocol.ts";
import { play, type Outcome, type Scene } from "./scenes.ts";

const efforts = {
  full: { rounds: 3, watchMs: 5_000, shrink: 1 },
  quick: { rounds: 1, watchMs: 1_500, shrink: 5 },
} as const;

function scenesOf(shrink: number): readonly Scene[] {
  const scene = (
    nodes: number,
    callersPerNode: number,
    event: Scene["event"],
    text: string,
  ): Scene => ({
    name: `${nodes} × ${callersPerNode} calls, ${text}`,
    nodes,
    callersPerNode,
    event,
  });
  return [
    scene(1, 50 / shrink, "cold", "cold"),
    scene(4, 25 / shrink, "cold", "cold"),
    scene(4, 25 / shrink, "killed", "token killed by another environment"),
    scene(1, 1, "wrong secret", "wrong secret answered with 40001"),
  ];
}

export const incident: Bench = {
  title: "The incident, on a simulated platform over real HTTP",
  base: "nothing",
  async run(effort) {
    const { rounds, shrink, watchMs } = efforts[effort];
    return onServer(async (server, use) => {
      const fleet = use(newFleet(4));
      const figures: Figure[] = [];
      for (const scene of scenesOf(shrink)) {
        const outcomes =
          scene.event === "wrong secret"
            ? await watchedTogether(scene, rounds, server.url, watchMs)
            : await inRounds(incidentContenderNames, rounds, (contender) =>
                play(scene, {
                  contender,
                  members: fleet.members,
                  redisUrl: server.url,
                  watchMs,
                }),
              );
        figures.push(
          ...incidentContenderNames.flatMap((contender) =>
            figuresOf(scene, contender, outcomes.get(contender) ?? [], watchMs),
          ),
        );
      }
      return figures;
    });
  },
};

/**
 * Each contender has its own process, because some never stop, and its own platform, so all run at
 * the same time. Requests are counted; durations are not judged.
 */
async function watchedTogether(
  scene: Scene,
  rounds: number,
  redisUrl: string,
  watchMs: number,
): Promise<Map<IncidentContenderName, Outcome[]>> {
  const outcomes = new Map<IncidentContenderName, Outcome[]>();
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      incidentContenderNames.map(async (contender) => {
        const single = newFleet(1);
        const outcome = await play(scene, {
          contender,
          members: single.members,
          redisUrl,
          watchMs,
        }).finally(() => single[Symbol.asyncDispose]());
        outcomes.set(contender, [...(outcomes.get(contender) ?? []), outcome]);
      }),
    );
  }
  return outcomes;
}

function newFleet(processes: number): Fleet<IncidentOrders> {
  return new Fleet<IncidentOrders>(processes, new URL("./worker.ts", import.meta.url));
}

function figuresOf(
  scene: Scene,
  contender: IncidentContenderName,
  outcomes: readonly Outcome[],
  watchMs: number,
): readonly Figure[] {
  const figure = (
    metric: string,
    unit: string,
    values: readonly number[],
    value: number,
  ): Figure => ({
    bench: "incident",
    contender: labels[contender],
    metric: `${scene.name}: ${metric}`,
    value,
    unit,
    ratio: null,
    spread: spreadOf(values),
  });
  const most = (metric: string, unit: string, values: readonly number[]): Figure =>
    figure(metric, unit, values, Math.max(...values));
  const isHopeless = scene.event === "wrong secret";
  const times = outcomes.map(({ ms }) => ms);
  const fetches = most(
    isHopeless ? `token fetches in ${watchMs / 1000} s` : "token fetches, most of all runs",
    "fetches",
    outcomes.map((one) => one.fetches),
  );
  const failed = most(
    "failed calls, most of all runs",
    "calls",
    outcomes.map((one) => one.failed),
  );
  const time = figure(
    isHopeless ? "until the caller knows" : "all calls back",
    "ms",
    times,
    rounded(median(times)),
  );
  if (!contender.startsWith("lingpai")) return [fetches, failed, time];
  // No SDK can make a call succeed with a wrong secret. Lingpai must stop asking.
  return [judged(fetches, exactly(1)), isHopeless ? failed : judged(failed, exactly(0)), time];
}

const labels: Readonly<Record<IncidentContenderName, string>> = {
  "lingpai plain": "lingpai, plain token",
  "lingpai stable": "lingpai, stable token",
  "co-wechat-api": named("co-wechat-api"),
  "node-easywechat": named("node-easywechat"),
};
