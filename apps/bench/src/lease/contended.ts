/** Many callers of one process who want one lock at the same moment, and hold it for a while each. */
import { delay, systemClock } from "@lingpai/core";
import { atMost, judged, type Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, rounded, spreadOf } from "../statistics.ts";
import { isSetUp, type Wire } from "../wire.ts";
import type { LeaseContender } from "./contenders.ts";

const holdMs = 5;

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
  const contests = await inRounds(waiting, rounds, (contender, round) => contest(contender, wire, waiters, String(round)));
  const idealMs = waiters * holdMs;
  const floors: readonly Floor[] = [
    { name: "no lock: the holds one after another", acquire: async () => async () => {} },
    ...bases.map(({ acquire, name }) => ({ name: `${name}: one after another, nobody waits`, acquire })),
  ];
  const floorTimes = await inRounds(floors, rounds, ({ acquire }) => oneAfterAnother(acquire, waiters));
  return [
    ...floors.map((floor) => timeFigure(floor.name, floorTimes.get(floor) ?? [], idealMs, waiters)),
    ...waiting.flatMap((contender) => figuresOf(contender, contests.get(contender) ?? [], idealMs, waiters)),
  ];
}

type Floor = Pick<LeaseContender, "name" | "acquire">;

async function contest({ acquire, name }: LeaseContender, wire: Wire, waiters: number, round: string): Promise<Contest> {
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

/** What this machine makes of the ideal: its timers, and its round trips. */
async function oneAfterAnother(acquire: LeaseContender["acquire"], holds: number): Promise<number> {
  const startMs = systemClock.monotonicMs();
  for (let turn = 0; turn < holds; turn += 1) {
    const release = await acquire("one-after-another");
    await delay(systemClock, holdMs);
    await release();
  }
  return systemClock.monotonicMs() - startMs;
}

function figuresOf({ name, side }: LeaseContender, contests: readonly Contest[], idealMs: number, waiters: number): readonly Figure[] {
  const time = timeFigure(
    name,
    contests.map(({ ms }) => ms),
    idealMs,
    waiters,
  );
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
    ...count(`wire commands a handover, ${waiters} waiters`, rounded(median(perHandover)), "commands"),
    spread: spreadOf(perHandover),
  };
  const unserved = count(`waiters who gave up, of ${waiters}`, median(contests.map((contest) => contest.unserved)), "waiters");
  if (side !== "ours") return [time, commands, unserved];
  return [judged(time, atMost(1.3 * idealMs)), judged(commands, atMost(4)), judged(unserved, atMost(0))];
}

function timeFigure(contender: string, values: readonly number[], idealMs: number, waiters: number): Figure {
  const value = median(values);
  const metric = `${waiters} waiters, ${holdMs} ms hold each`;
  return {
    bench: "lease",
    contender,
    metric,
    value: rounded(value),
    unit: "ms",
    ratio: rounded(value / idealMs),
    spread: spreadOf(values),
  };
}
