/**
 * Questions that a server holds until something changes, as both fakes of configuration centres do.
 */
import type { Clock } from "@lingpai/core";

export interface HeldQuestions {
  /** Resolves when `isChanged` says so, or after the time; rejects when the asker goes away. */
  hold(timeoutMs: number, isChanged: () => boolean, signal: AbortSignal): Promise<void>;
  /** Something changed: those whose answer is another now are answered. */
  look(): void;
  readonly count: number;
}

export function heldQuestions(clock: Clock): HeldQuestions {
  const waiting = new Set<() => void>();
  return {
    get count() {
      return waiting.size;
    },
    look() {
      for (const look of [...waiting]) look();
    },
    hold: (timeoutMs, isChanged, signal) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          cancel();
          waiting.delete(look);
          settle();
        };
        const look = (): void => void (isChanged() && end(resolve));
        const cancel = clock.setTimer(timeoutMs, () => end(resolve));
        signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
        waiting.add(look);
      }),
  };
}
