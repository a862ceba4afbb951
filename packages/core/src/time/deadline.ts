/**
 * Deadlines in running time: a standstill of this process (SIGSTOP, garbage collection, a blocked
 * event loop) does not count.
 */
import type { CancelTimer, Clock } from "./time.ts";

export interface Deadline {
  /** What is left, in ms; 0 when it has passed. */
  leftMs(): number;
  /** Frees the timer; the deadline then never passes. */
  cancel(): void;
}

/**
 * The time is measured in this many parts, none shorter than this. A standstill in a part is
 * noticed at its end, and does not count.
 */
const parts = 8;
const partMinMs = 500;

/**
 * Calls `expire` when `ms` have passed in which this process ran, to within an eighth, and at most
 * one part later.
 *
 * After a standstill the answer often waits in the socket already, behind the timers, and a
 * deadline by the clock alone would drop it. So a standstill beyond the deadline adds one part. It
 * does so once, because in a busy process every part ends late.
 */
export function setDeadline(clock: Clock, ms: number, expire: () => void = () => {}): Deadline {
  let endMs = clock.monotonicMs() + ms;
  let isOver = ms <= 0;
  let isSpared = false;
  const partMs = Math.max(partMinMs, ms / parts);
  let cancel: CancelTimer = () => {};
  const arm = (): void => {
    const nowMs = clock.monotonicMs();
    const dueMs = Math.min(endMs, nowMs + partMs);
    cancel = clock.setTimer(dueMs - nowMs, () => {
      const lateMs = clock.monotonicMs() - dueMs;
      if (lateMs > partMs / 10) {
        const spareMs = isSpared ? 0 : Math.max(0, dueMs + partMs - endMs);
        isSpared ||= spareMs > 0;
        endMs += lateMs + spareMs;
      }
      if (clock.monotonicMs() < endMs) return arm();
      isOver = true;
      return expire();
    });
  };
  if (!isOver) arm();
  return {
    leftMs: () => (isOver ? 0 : Math.max(0, endMs - clock.monotonicMs())),
    cancel: () => cancel(),
  };
}
