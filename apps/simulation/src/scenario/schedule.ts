/** Something that happens again and again at one pace, for a while; and later again. */
import type { Chance } from "../world/chance.ts";
import type { World } from "../world/world.ts";

export interface Campaign {
  readonly everyMs: number;
  readonly forMs: number;
}

const hourMs = 3_600_000;
/**
 * The first one begins when the fleet has settled; between two of them the day's quota recovers.
 */
const firstAfterMs: readonly [number, number] = [0.05 * hourMs, hourMs];
const pauseMs: readonly [number, number] = [6 * hourMs, 12 * hourMs];
const shortPauseMs: readonly [number, number] = [1.5 * hourMs, 4 * hourMs];

/** Lets something happen once, and later again. */
export function runNowAndThen(
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

/** Runs one campaign after the other, each drawn anew from `campaigns`, until `untilMs`. */
export function runCampaigns(
  world: World,
  chance: Chance,
  untilMs: number,
  campaigns: readonly Campaign[],
  act: () => void,
): void {
  const begin = (): void => {
    const campaign = campaigns[chance.whole(0, campaigns.length - 1)];
    if (campaign === undefined) return;
    const endMs = Math.min(untilMs, world.nowMs + campaign.forMs);
    const next = (): void => {
      world.after(campaign.everyMs, () => {
        if (world.nowMs >= endMs) return "quiet";
        act();
        next();
        return "quiet";
      });
    };
    next();
    world.after(campaign.forMs + chance.between(...pauseMs), () => {
      if (world.nowMs < untilMs) begin();
      return "quiet";
    });
  };
  world.after(chance.between(...firstAfterMs), () => {
    begin();
    return "quiet";
  });
}
