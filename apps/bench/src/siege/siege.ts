/**
 * Contention at short intervals, in real time: real processes on a real store lose their token
 * repeatedly, with calls in flight each time.
 */
import { delay, systemClock, systemRandom } from "@lingpai/core";
import { createSimulator } from "@lingpai/wechat-simulator";
import { listen } from "@lingpai/wechat-simulator/server";
import type { Bench } from "../bench.ts";
import { Fleet, type Member } from "../fleet.ts";
import type { IncidentOrders } from "../incident/protocol.ts";
import { exactly, judged, type Figure } from "../measurement.ts";
import { onServer } from "../on-server.ts";

interface Siege {
  readonly contender: "lingpai plain" | "lingpai stable";
  readonly overlapMs: number;
  /**
   * `killed`: the platform no longer accepts the fleet's token. `replaced`: another system fetches
   * one, by force if it is the stable token.
   */
  readonly attack: "killed" | "replaced";
}

interface Outcome {
  readonly calls: number;
  readonly failed: number;
  readonly fetches: number;
  /** The tokens of the fleet that died. */
  readonly deaths: number;
}

const sieges: readonly Siege[] = [
  { contender: "lingpai plain", overlapMs: 0, attack: "killed" },
  { contender: "lingpai plain", overlapMs: 0, attack: "replaced" },
  { contender: "lingpai plain", overlapMs: 300_000, attack: "replaced" },
  { contender: "lingpai stable", overlapMs: 0, attack: "replaced" },
];

const processes = 4;
const callersPerNode = 10;
const secret = "0123456789abcdef0123456789abcdef";
const attacker = "another environment";
const latencyMs = [20, 80] as const;
const callLimitMs = 60_000;

export const siege: Bench = {
  title: `A token that dies again and again, in real time: ${processes} processes, ${callersPerNode} calls each in flight at every attack`,
  base: "nothing",
  async run(effort) {
    const strikes = effort === "quick" ? 4 : 20;
    return onServer(async ({ url }, use) => {
      const { members } = use(
        new Fleet<IncidentOrders>(processes, new URL("../incident/worker.ts", import.meta.url)),
      );
      const figures: Figure[] = [];
      for (const each of sieges)
        figures.push(...figuresOf(each, strikes, await lay(each, strikes, members, url)));
      return figures;
    });
  },
};

async function lay(
  { attack, contender, overlapMs }: Siege,
  strikes: number,
  members: readonly Member<IncidentOrders>[],
  redisUrl: string,
): Promise<Outcome> {
  const appId = `wx${Buffer.from(systemRandom.id(), "base64url").toString("hex").slice(0, 16)}`;
  const simulator = createSimulator({ accounts: [{ appId, secret }], overlapMs, latencyMs });
  const server = await listen(simulator);
  try {
    const spec = { contender, appId, secret, overlapMs, platformUrl: server.url, redisUrl };
    for (const member of members) await member.order("join", spec);
    const callAll = async (): Promise<number> => {
      const calls = await Promise.all(
        members.map((member) =>
          member.order("call", { callers: callersPerNode, limitMs: callLimitMs }),
        ),
      );
      return calls.reduce((sum, { failed }) => sum + failed, 0);
    };
    let failed = await callAll();
    for (let strike = 0; strike < strikes; strike += 1) {
      const inFlight = callAll();
      await delay(systemClock, latencyMs[1] * systemRandom.next());
      if (attack === "killed") simulator.operator.revoke(appId, [kindOf(contender)]);
      else simulator.operator.foreignIssue(appId, { kind: kindOf(contender), caller: attacker });
      failed += await inFlight;
      failed += await callAll();
    }
    const issued = simulator.log
      .entries({ kind: "issue", appId })
      .filter(({ caller }) => caller !== attacker);
    const live = new Set(simulator.operator.liveTokenIds(appId, kindOf(contender)));
    const deaths = new Set(
      issued.flatMap(({ tokenId = "" }) => (live.has(tokenId) ? [] : [tokenId])),
    ).size;
    await Promise.all(members.map((member) => member.order("leave", undefined)));
    return {
      calls: (2 * strikes + 1) * processes * callersPerNode,
      failed,
      fetches: issued.length,
      deaths,
    };
  } finally {
    await server.close();
  }
}

const kindOf = (contender: Siege["contender"]): "plain" | "stable" =>
  contender === "lingpai plain" ? "plain" : "stable";

function figuresOf(
  { attack, contender, overlapMs }: Siege,
  strikes: number,
  { calls, deaths, failed, fetches }: Outcome,
): readonly Figure[] {
  const figure = (metric: string, unit: string, value: number): Figure => ({
    bench: "siege",
    contender: contender.replace(" ", ", "),
    metric: `${attack} ${strikes} times, overlap ${overlapMs / 1000} s: ${metric}`,
    value,
    unit,
    ratio: null,
  });
  return [
    judged(figure(`failed of ${calls}`, "calls", failed), exactly(0)),
    judged(
      figure(`token fetches; ${deaths} of their tokens died`, "fetches", fetches),
      exactly(1 + deaths),
    ),
  ];
}
