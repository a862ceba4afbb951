/**
 * Many callers of one process request one lock at the same moment, and each holds it for a while.
 */
import { delay, systemClock } from "@lingpai/core";
import { atMost, judged, ratioAtMost, type Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { isSetUp, type Wire } from "../wire.ts";
import type { LeaseContender } from "./contenders.ts";

const holdMs = 5;
/** The other contenders need a quarter of a second a round. A peer that polls needs eight. */
const peerBudgetMs = 3_000;

interface Contest {
  readonly ms: number;
  readonly commands: number;
  readonly unserved: number;
}

export async function contended(
  contenders: readonly LeaseContender[],
  wire: Wire,
  rounds: number,
  waiters: number,
): Promise<readonly Figure[]> {
  const waiting = contenders.filter(({ side }) => side !== "base");
  const bases = contenders.filter(({ side }) => side === "base");
  for (const contender of waiting) await contest(contender, wire, 2, "warm-up");
  const floors = [
    { name: "no lock: the holds one after another", acquire: async () => async () => {} },
    ...bases.map(({ acquire, name }) => ({
      name: `${name}: one after another, nobody waits`,
      acquire,
    })),
  ];
  const floorTurns = floors.map(({ acquire, name }) => ({
    play: () => oneAfterAnother(acquire, waiters),
    figures: (own: readonly Contest[], raw: readonly Contest[]) => [
      timeFigure(name, own, raw, waiters),
    ],
  }));
  const contestTurns = waiting.map((contender) => ({
    play: (round: number) => contest(contender, wire, waiters, String(round)),
    figures: (own: readonly Contest[], raw: readonly Contest[]) =>
      figuresOf(contender, own, raw, waiters),
  }));
  const turns = [...floorTurns, ...contestTurns];
  const played = await inRounds(turns, rounds, ({ play }, round) => play(round), peerBudgetMs);
  const raw = played.get(floorTurns.at(-1)!) ?? [];
  return turns.flatMap((turn) => turn.figures(played.get(turn) ?? [], raw));
}

async function contest(
  { acquire, name }: LeaseContender,
  wire: Wire,
  waiters: number,
  round: string,
): Promise<Contest> {
  let unserved = 0;
  await wire.take();
  const startMs = systemClock.monotonicMs();
  await Promise.all(
    Array.from({ length: waiters }, async () => {
      try {
        const release = await acquire(`contended:${name}:${round}`);
        await delay(systemClock, holdMs);
        await release();
      } catch {
        unserved += 1;
      }
    }),
  );
  const ms = systemClock.monotonicMs() - startMs;
  const commands = (await wire.take()).filter((command) => !isSetUp(command)).length;
  return { ms, commands, unserved };
}

/** The ideal on this machine, with its timers and its round trips. */
async function oneAfterAnother(
  acquire: LeaseContender["acquire"],
  holds: number,
): Promise<Contest> {
  const startMs = systemClock.monotonicMs();
  for (let turn = 0; turn < holds; turn += 1) {
    const release = await acquire("one-after-another");
    await delay(systemClock, holdMs);
    await release();
  }
  return { ms: systemClock.monotonicMs() - startMs, commands: 0, unserved: 0 };
}

function figuresOf(
  { name, side }: LeaseContender,
  contests: readonly Contest[],
  raw: readonly Contest[],
  waiters: number,
): readonly Figure[] {
  const time = timeFigure(name, contests, raw, waiters);
  const perHandover = contests.map(({ commands }) => commands / waiters);
  const count = (metric: string, value: number, unit: string): Figure => ({
    bench: "lease",
    contender: name,
    metric,
    value,
    unit,
    ratio: null,
  });
  const commands: Figure = {
    ...count(
      `wire commands a handover, ${waiters} waiters`,
      rounded(median(perHandover)),
      "commands",
    ),
    spread: spreadOf(perHandover),
  };
  const unserved = count(
    `waiters who gave up, of ${waiters}`,
    median(contests.map((contest) => contest.unserved)),
    "waiters",
  );
  if (side !== "ours") return [time, commands, unserved];
  return [judged(time, ratioAtMost(1.3)), judged(commands, atMost(4)), judged(unserved, atMost(0))];
}

function timeFigure(
  contender: string,
  contests: readonly Contest[],
  raw: readonly Contest[],
  waiters: number,
): Figure {
  const timesOf = (all: readonly Contest[]): number[] => all.map(({ ms }) => ms);
  const values = timesOf(contests);
  const metric = `${waiters} waiters, ${holdMs} ms hold each`;
  return {
    bench: "lease",
    contender,
    metric,
    value: rounded(median(values)),
    unit: "ms",
    ratio: rounded(medianRatio(values, timesOf(raw))),
    spread: spreadOf(values),
  };
}
