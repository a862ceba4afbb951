/** Combines many notices into one action. */
import type { CancelTimer, Clock } from "@lingpai/core";

export interface Debounce {
  /**
   * Requests the action. It runs when no notice has come for the delay, and at the latest after ten
   * delays.
   */
  notice(): void;
  cancel(): void;
}

const delaysMax = 10;

export function createDebounce(clock: Clock, delayMs: number, act: () => void): Debounce {
  let cancelTimer: CancelTimer | undefined;
  let latestMs = 0;
  const cancel = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
  };
  return {
    cancel,
    notice() {
      const nowMs = clock.monotonicMs();
      if (cancelTimer === undefined) latestMs = nowMs + delaysMax * delayMs;
      cancelTimer?.();
      const fire = (): void => {
        cancelTimer = undefined;
        act();
      };
      cancelTimer = clock.setTimer(Math.max(0, Math.min(delayMs, latestMs - nowMs)), fire);
    },
  };
}
