/** Takes and releases a lock without contention. */
import { systemClock } from "@lingpai/core";
import { exactly, judged, type Figure } from "../measurement.ts";
import { inRounds } from "../rounds.ts";
import { median, medianRatio, rounded, spreadOf } from "../statistics.ts";
import { isSetUp, type Wire } from "../wire.ts";
import type { LeaseContender } from "./contenders.ts";

const counted = 100;

export async function uncontended(
  contenders: readonly LeaseContender[],
  wire: Wire,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { acquire, name, side } of contenders) {
    const pass = async (): Promise<void> => void (await (await acquire(`uncontended:${name}`))());
    for (let turn = 0; turn < 3; turn += 1) await pass();
    await wire.take();
    for (let turn = 0; turn < counted; turn += 1) await pass();
    const commands = (await wire.take()).filter((command) => !isSetUp(command)).length / counted;
    const figure: Figure = {
      bench: "lease",
      contender: name,
      metric: "wire commands, uncontended",
      value: commands,
      unit: "commands",
      ratio: null,
    };
    figures.push(side === "ours" ? judged(figure, exactly(2)) : figure);
  }
  return figures;
}

/** Commands are not counted meanwhile, because MONITOR slows down the server. */
export async function uncontendedTime(
  contenders: readonly LeaseContender[],
  rounds: number,
  passes: number,
): Promise<readonly Figure[]> {
  for (const { acquire, name } of contenders) {
    for (let turn = 0; turn < 5 * passes; turn += 1) await (await acquire(`uncontended:${name}`))();
  }
  const microseconds = await inRounds(contenders, rounds, async ({ acquire, name }) => {
    const times: number[] = [];
    for (let turn = 0; turn < passes; turn += 1) {
      const startMs = systemClock.monotonicMs();
      await (
        await acquire(`uncontended:${name}`)
      )();
      times.push((systemClock.monotonicMs() - startMs) * 1000);
    }
    return median(times);
  });
  const baseValues =
    microseconds.get(contenders.find(({ side }) => side === "base") as LeaseContender) ?? [];
  return contenders.map((contender) => {
    const values = microseconds.get(contender) ?? [];
    return {
      bench: "lease",
      contender: contender.name,
      metric: "acquire and release, uncontended",
      value: rounded(median(values)),
      unit: "µs",
      ratio: rounded(medianRatio(values, baseValues)),
      spread: spreadOf(values),
    };
  });
}
