/** Measures how long after one node's commit the others use the new credential. */
import { delay, systemClock, systemRandom } from "@lingpai/core";
import type { Bench } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { judged, ratioAtMost, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";
import { quantile, rounded, spreadOf } from "../statistics.ts";
import { named } from "../versions.ts";
import type { AdoptionOrders, Change, ChangeKind } from "./protocol.ts";

const efforts = {
  full: { processes: 8, commits: 40, warmUps: 5 },
  quick: { processes: 3, commits: 3, warmUps: 1 },
} as const;
/**
 * How long a credential stays unchanged before it is replaced, in ms. Nodes spread their reads over
 * a shorter time when many changes come at once. Real commits are hours apart.
 */
const restMs = 400;
/** By then the nodes have handled the bare message. */
const bareRestMs = 50;
/** About the size of a credential's document. */
const bytes = 600;

export const adoption: Bench = {
  title: "Adoption: from one node's commit to its use in all processes, over Redis pub/sub",
  base: "SET and PUBLISH by one process, the message and GET in all: the same quantile",
  async run(effort) {
    const { commits, processes, warmUps } = efforts[effort];
    return onServer(async (server, use) => {
      const fleet = use(
        new Fleet<AdoptionOrders>(processes, new URL("./worker.ts", import.meta.url)),
      );
      await fleet.all("connect", server.url);
      const lags: Record<ChangeKind, number[]> = { bare: [], credential: [] };
      for (let round = 0; round < warmUps + commits; round += 1) {
        const measured = await play(fleet, round);
        if (round < warmUps) continue;
        lags.bare.push(measured.bare);
        lags.credential.push(measured.credential);
      }
      return [...figuresOf("bare", lags, processes), ...figuresOf("credential", lags, processes)];
    });
  },
};

/** Makes one change of each kind, from a different process each time. */
async function play(
  fleet: Fleet<AdoptionOrders>,
  round: number,
): Promise<Record<ChangeKind, number>> {
  const leader = fleet.members[round % fleet.members.length];
  if (leader === undefined) throw new Error("The fleet has no members.");
  const lagOf = async (kind: ChangeKind, { begunWallMs, number }: Change): Promise<number> =>
    Math.max(...(await fleet.all("arrived", { kind, number }))) - begunWallMs;

  // A new credential each time, because frequent replacements of one credential are throttled.
  await fleet.all("join", `adoption-${systemRandom.id()}`);
  await delay(systemClock, restMs);
  const bare = await lagOf("bare", await leader.order("announce", { number: round, bytes }));
  await delay(systemClock, bareRestMs);
  const credential = await lagOf("credential", await leader.order("replace", undefined));
  return { bare, credential };
}

function figuresOf(
  kind: ChangeKind,
  lags: Readonly<Record<ChangeKind, readonly number[]>>,
  processes: number,
): readonly Figure[] {
  const contender =
    kind === "bare"
      ? `raw ${named("ioredis")}, SET and PUBLISH`
      : `lingpai adapter-ioredis on ${named("ioredis")}`;
  const figure = (name: string, q: number): Figure => {
    const value = quantile(lags[kind], q);
    return {
      bench: "adoption",
      contender,
      metric: `commit to use in all ${processes} processes, ${name}`,
      value: rounded(value),
      unit: "ms",
      ratio: rounded(value / Math.max(1, quantile(lags.bare, q))),
    };
  };
  const p50: Figure = { ...figure("p50", 0.5), spread: spreadOf(lags[kind]) };
  const p99 = figure("p99", 0.99);
  return [
    kind === "bare" ? p50 : judged(p50, ratioAtMost(2)),
    figure("p90", 0.9),
    kind === "bare" ? p99 : judged(p99, ratioAtMost(3)),
    figure("longest", 1),
  ];
}
