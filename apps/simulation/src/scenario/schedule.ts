/** Schedules for scenarios: single events, or many at a fixed interval for a while. */
import type { Chance } from "../world/chance.ts";
import type { World } from "../world/world.ts";

/** One event every `everyMs`, for `forMs`. */
export interface Repetition {
  readonly everyMs: number;
  readonly forMs: number;
}

const hourMs = 3_600_000;
/**
 * The first repetition begins when the fleet has started. The day's quota recovers between two of
 * them.
 */
const firstAfterMs: readonly [number, number] = [0.05 * hourMs, hourMs];
const pauseMs: readonly [number, number] = [6 * hourMs, 12 * hourMs];
const shortPauseMs: readonly [number, number] = [1.5 * hourMs, 4 * hourMs];

/** Runs `act` once, and again after each pause. */
export function runOccasionally(
  world: World,
  chance: Chance,
  untilMs: number,
  act: () => void,
): void {
  const next = (ms: readonly [number, number]): void => {
    world.after(chance.between(...ms), () => {
      if (world.nowMs >= untilMs) return "quiet";
      act();
      next(shortPauseMs);
      return "quiet";
    });
  };
  next(firstAfterMs);
}

/** Runs one repetition after the other until `untilMs`. Each is drawn from `repetitions`. */
export function runRepeatedly(
  world: World,
  chance: Chance,
  untilMs: number,
  repetitions: readonly Repetition[],
  act: () => void,
): void {
  const begin = (): void => {
    const repetition = repetitions[chance.whole(0, repetitions.length - 1)];
    if (repetition === undefined) return;
    const endMs = Math.min(untilMs, world.nowMs + repetition.forMs);
    const next = (): void => {
      world.after(repetition.everyMs, () => {
        if (world.nowMs >= endMs) return "quiet";
        act();
        next();
        return "quiet";
      });
    };
    next();
    world.after(repetition.forMs + chance.between(...pauseMs), () => {
      if (world.nowMs < untilMs) begin();
      return "quiet";
    });
  };
  world.after(chance.between(...firstAfterMs), () => {
    begin();
    return "quiet";
  });
}
