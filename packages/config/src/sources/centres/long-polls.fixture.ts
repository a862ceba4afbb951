/** The long polls of a fake server: requests that it holds until something changes. */
import type { Clock } from "@lingpai/core";

export interface LongPolls {
  /** Resolves when `isChanged` returns true, or after the time. Rejects when the signal aborts. */
  hold(timeoutMs: number, isChanged: () => boolean, signal: AbortSignal): Promise<void>;
  /** Answers the polls whose answer has changed. */
  recheck(): void;
  readonly count: number;
}

export function longPolls(clock: Clock): LongPolls {
  const waiting = new Set<() => void>();
  return {
    get count() {
      return waiting.size;
    },
    recheck() {
      for (const recheck of [...waiting]) recheck();
    },
    hold: (timeoutMs, isChanged, signal) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void): void => {
          cancel();
          waiting.delete(recheck);
          settle();
        };
        const recheck = (): void => void (isChanged() && end(resolve));
        const cancel = clock.setTimer(timeoutMs, () => end(resolve));
        signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
        waiting.add(recheck);
      }),
  };
}
