/**
 * A war over one AppID, in virtual time: our fleet beside one of as many nodes that people write in
 * a quarter of an hour.
 */
import type { Bench, Effort } from "../bench.ts";
import { atMost, exactly, judged, type Figure, type Target } from "../measurement.ts";
import {
  battlefield,
  fight,
  naive,
  ours,
  type Attack,
  type Fleet,
  type Battlefield,
  type Mode,
  type Outcome,
  type War,
} from "./world.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nodes = 3;
/**
 * What the platform grants an account in a day; what others fetch of it is the fleets' to share.
 */
const quotaPerDay = 2_000;

interface Contender {
  readonly name: string;
  readonly mode: Mode;
  /** Whether it takes the stable token by itself. Of interest where the ledger does not last. */
  readonly leaves?: true;
  readonly join: (field: Battlefield) => Fleet;
}

const contenders: readonly Contender[] = [
  { name: "lingpai, plain token", mode: "plain", join: (field) => ours(field, "lingpai", nodes) },
  { name: "lingpai, stable token", mode: "stable", join: (field) => ours(field, "lingpai", nodes) },
  {
    name: "lingpai, plain token until the war is sure, then stable",
    mode: "plain",
    leaves: true,
    join: (field) => ours(field, "lingpai", nodes, { onContention: "stable" }),
  },
  { name: "naive, plain token", mode: "plain", join: (field) => naive(field, "naive", nodes) },
  { name: "naive, stable token", mode: "stable", join: (field) => naive(field, "naive", nodes) },
];

interface Scene {
  readonly name: string;
  readonly attack: Attack;
  readonly overlapMs: number;
  readonly everyMs: number;
  readonly forMs: number;
  readonly callEveryMs: number;
  /** Whether the ledger allows a fetch for each credential that dies, so that nobody need fail. */
  readonly isBearable: boolean;
}

function scenesOf(effort: Effort): readonly Scene[] {
  const scene = (attack: Attack, overlapMs: number, everyMs: number, forMs: number): Scene => ({
    name: `${attack === "kill" ? "killed" : `replaced (overlap ${overlapMs / secondMs} s)`} every ${everyMs / secondMs} s for ${forMs / hourMs} h`,
    attack,
    overlapMs,
    everyMs,
    forMs,
    callEveryMs: Math.min(everyMs, 10 * secondMs),
    isBearable: forMs < 24 * hourMs,
  });
  const paces =
    effort === "quick"
      ? [300 * secondMs]
      : [35, 120, 300, 600].map((seconds) => seconds * secondMs);
  return [
    ...paces.map((everyMs) => scene("kill", 0, everyMs, 2 * hourMs)),
    ...[0, 300 * secondMs].flatMap((overlapMs) =>
      paces.map((everyMs) => scene("replace", overlapMs, everyMs, 2 * hourMs)),
    ),
    ...(effort === "quick" ? [] : [scene("kill", 0, 10 * secondMs, 24 * hourMs)]),
  ];
}

export const war: Bench = {
  title: `A war over one AppID, in virtual time: ${nodes} nodes, a quota of ${quotaPerDay} plain fetches a day`,
  base: "nothing",
  async run(effort) {
    const figures: Figure[] = [];
    for (const scene of scenesOf(effort)) {
      for (const contender of contenders.filter(({ leaves }) => !leaves || !scene.isBearable)) {
        const field = battlefield({ ...scene, mode: contender.mode } satisfies War);
        const [outcome] = await fight(field, [contender.join(field)]);
        if (outcome !== undefined) figures.push(...figuresOf(scene, contender, outcome));
      }
    }
    return figures;
  },
};

function figuresOf(
  scene: Scene,
  { leaves, name, mode }: Contender,
  outcome: Outcome,
): readonly Figure[] {
  const { calls, failed, fetches, deaths, longestOutageMs, contended } = outcome;
  const isOurs = name.startsWith("lingpai");
  const figure = (metric: string, unit: string, value: number, target?: Target): Figure =>
    judged(
      {
        bench: "war",
        contender: name,
        metric: `${scene.name}: ${metric}`,
        value,
        unit,
        ratio: null,
      },
      isOurs ? target : undefined,
    );
  const share = Math.round((1e4 * failed) / calls) / 100;
  // At the end of the fight the last token may have died without a call that would have noticed.
  const perDeath = scene.isBearable
    ? atMost(1 + deaths)
    : mode === "plain"
      ? atMost(1 + 0.6 * quotaPerDay)
      : undefined;
  return [
    figure(
      "failed calls",
      "%",
      share,
      scene.isBearable || mode === "stable" || leaves ? exactly(0) : undefined,
    ),
    figure("longest outage", "s", Math.round(longestOutageMs / secondMs)),
    figure("token fetches", "fetches", fetches, perDeath),
    ...(isOurs && mode === "plain"
      ? [figure("times that the other one was named", "times", contended?.count ?? 0)]
      : []),
  ];
}
