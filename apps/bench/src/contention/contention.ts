/**
 * Contention for one AppID in virtual time: a Lingpai fleet, and a simple fleet of as many nodes
 * without coordination.
 */
import { availableParallelism } from "node:os";
import type { Bench, Effort } from "../bench.ts";
import { Fleet } from "../fleet.ts";
import { atLeast, atMost, exactly, judged, type Figure, type Target } from "../measurement.ts";
import { contenders, nodes, type Contender } from "./contenders.ts";
import type { ContentionOrders, ContentionResult } from "./protocol.ts";
import type { Attack } from "./fleets.ts";

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The platform's quota of an account in a day. Fleets and foreign systems share it. */
const quotaPerDay = 2_000;

interface Scene {
  readonly name: string;
  readonly attack?: Attack;
  /** True if a second Lingpai fleet with a store of its own fetches with the same AppID. */
  readonly hasRival?: boolean;
  readonly overlapMs: number;
  readonly everyMs: number;
  readonly forMs: number;
  readonly callEveryMs: number;
  /**
   * True if the quota ledger allows a fetch for each credential that dies, so that no call needs to
   * fail.
   */
  readonly isBearable: boolean;
}

function scenesOf(effort: Effort): readonly Scene[] {
  const scene = (attack: Attack, overlapMs: number, everyMs: number, forMs: number): Scene => ({
    name: `${attack === "kill" ? "killed" : `replaced (overlap ${overlapMs / secondMs} s)`} every ${everyMs / secondMs} s for ${spanOf(forMs)}`,
    attack,
    overlapMs,
    everyMs,
    forMs,
    callEveryMs: forMs < hourMs ? 2 * secondMs : Math.min(everyMs, 10 * secondMs),
    isBearable: forMs < 24 * hourMs,
  });
  const intervals: readonly (readonly [everyMs: number, forMs: number])[] =
    effort === "quick"
      ? [[300 * secondMs, 2 * hourMs]]
      : [
          ...[35, 120, 300, 600].map((seconds) => [seconds * secondMs, 2 * hourMs] as const),
          [10 * secondMs, 3 * minuteMs],
        ];
  return [
    ...intervals.map((interval) => scene("kill", 0, ...interval)),
    ...[0, 300 * secondMs].flatMap((overlapMs) =>
      intervals.map((interval) => scene("replace", overlapMs, ...interval)),
    ),
    ...(effort === "quick"
      ? []
      : [twoFleets(0), twoFleets(300 * secondMs), scene("kill", 0, 10 * secondMs, 24 * hourMs)]),
  ];
}

/** Two Lingpai fleets fetch with one AppID. Without an overlap each fetch kills the other's token. */
const twoFleets = (overlapMs: number): Scene => ({
  name: `beside another such fleet (overlap ${overlapMs / secondMs} s) for 30 min`,
  hasRival: true,
  overlapMs,
  everyMs: 24 * hourMs,
  forMs: 30 * minuteMs,
  callEveryMs: overlapMs === 0 ? secondMs : 10 * secondMs,
  isBearable: overlapMs > 0,
});

/**
 * A tenth of the quota at once, and half of it as the day passes. A contention begins before its
 * time and ends after it, by less than a minute.
 */
const budgetFor = (forMs: number): number =>
  Math.floor(quotaPerDay * (0.1 + (0.5 * (forMs + minuteMs)) / (24 * hourMs)));

const spanOf = (ms: number): string => (ms < hourMs ? `${ms / minuteMs} min` : `${ms / hourMs} h`);

export const contention: Bench = {
  title: `Contention for one AppID, in virtual time: ${nodes} nodes, a quota of ${quotaPerDay} plain fetches a day`,
  base: "nothing",
  async run(effort) {
    const fights = scenesOf(effort).flatMap((scene) =>
      contenders
        .filter(({ leaves, fightsOwnKind }) =>
          scene.hasRival ? fightsOwnKind : !leaves || !scene.isBearable,
        )
        .map((contender) => ({ scene, contender })),
    );
    // Load does not change virtual time, so every core runs one contention. The longest ones start
    // first.
    const fleet = new Fleet<ContentionOrders>(
      availableParallelism(),
      new URL("./worker.ts", import.meta.url),
    );
    const open = fights.toSorted((one, other) => other.scene.forMs - one.scene.forMs);
    const results = new Map<(typeof fights)[number], ContentionResult>();
    try {
      await Promise.all(
        fleet.members.map(async (member) => {
          for (let next = open.shift(); next !== undefined; next = open.shift())
            results.set(
              next,
              await member.order("runFleets", {
                contender: next.contender.name,
                hasRival: next.scene.hasRival,
                contention: { ...next.scene, mode: next.contender.mode },
              }),
            );
        }),
      );
    } finally {
      await fleet[Symbol.asyncDispose]();
    }
    return fights.flatMap((each) => figuresOf(each.scene, each.contender, results.get(each)!));
  },
};

function figuresOf(
  scene: Scene,
  { leaves, name, mode }: Contender,
  outcome: ContentionResult,
): readonly Figure[] {
  const { calls, failed, fetches, deaths, longestOutageMs, contendedCount } = outcome;
  const isOurs = name.startsWith("lingpai");
  const figure = (metric: string, unit: string, value: number, target?: Target): Figure =>
    judged(
      {
        bench: "contention",
        contender: name,
        metric: `${scene.name}: ${metric}${scene.hasRival ? " (the worse of both)" : ""}`,
        value,
        unit,
        ratio: null,
      },
      isOurs ? target : undefined,
    );
  const share = Math.round((1e4 * failed) / calls) / 100;
  // At the end of the run the last token may have died without a call that noticed it.
  const perDeath = scene.hasRival
    ? atMost(1 + budgetFor(scene.forMs))
    : scene.isBearable
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
      ? [
          figure(
            "times that the other one was named",
            "times",
            contendedCount,
            scene.hasRival ? atLeast(1) : undefined,
          ),
        ]
      : []),
  ];
}
