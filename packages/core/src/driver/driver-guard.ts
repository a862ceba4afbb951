/**
 * The one place through which drivers are called: a deadline that the driver cannot escape, and
 * errors that leak nothing.
 */
import { createCallQueue } from "./call-queue.ts";
import type { Call } from "./call-queue.ts";
import { asLingpaiError } from "./driver-error.ts";
import { CacheUnavailableError, ConfigurationError } from "../errors.ts";
import type { LingpaiError } from "../errors.ts";
import type { CancelTimer, Clock } from "../time/time.ts";

export interface DriverGuard {
  /**
   * Settles as `call` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) at the deadline. What
   * the driver answers after that is dropped: a rejection is nobody's unhandled rejection, a value
   * goes to `late` only, which may free it.
   */
  run<T>(call: () => Promise<T>, late?: (value: T) => void): Promise<T>;
  /** Rejects whatever is in flight with `error`. */
  abandon(error: LingpaiError): void;
  /** Resolves when nothing is in flight; without hurry, at most a deadline from now. */
  idle(): Promise<void>;
}

export interface DriverGuardSettings {
  /** The driver's `kind`, for error texts. */
  readonly kind: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /**
   * Called when {@link silencesMax} deadlines, one after the other, were missed within a short
   * time.
   */
  readonly onSilence?: (() => void) | undefined;
}

/**
 * So many missed deadlines, each at least a deadline after the last, within {@link silenceWindow}
 * deadlines.
 */
const silencesMax = 3;
const silenceWindow = 12;

/** Used by every call unless the caller sets `deadlineMs`. */
export const deadlineDefaultMs = 500;

/**
 * The default, or the given deadline in ms once it has been found to be a whole number from 1 to
 * 2^31 − 1.
 */
export function requireDeadline(deadlineMs: number = deadlineDefaultMs): number {
  if (Number.isInteger(deadlineMs) && deadlineMs >= 1 && deadlineMs < 2 ** 31) return deadlineMs;
  throw new ConfigurationError(
    `deadlineMs must be a whole number of ms from 1 to 2^31 - 1, not ${String(deadlineMs)}.`,
  );
}

/**
 * Is told of each missed deadline. Answers in between do not count: in a Cluster they come from the
 * other primaries.
 */
function silenceNoter(deadlineMs: number, onSilence: () => void): (nowMs: number) => void {
  let missedMs: number[] = [];
  return (nowMs) => {
    if (nowMs - (missedMs.at(-1) ?? -Infinity) < deadlineMs) return;
    missedMs = [...missedMs.filter((atMs) => nowMs - atMs <= silenceWindow * deadlineMs), nowMs];
    if (missedMs.length < silencesMax) return;
    missedMs = [];
    onSilence();
  };
}

/**
 * All calls have the same deadline, so they fall due in the order in which they began: one timer,
 * armed for the oldest, serves any number of them, and none is armed while nothing is in flight.
 */
export function createDriverGuard({
  kind,
  clock,
  deadlineMs,
  onSilence,
}: DriverGuardSettings): DriverGuard {
  const calls = createCallQueue();
  const idlers: Array<() => void> = [];
  let cancelTimer: CancelTimer | undefined;
  let secondLook = false;
  const noteSilence = onSilence && silenceNoter(deadlineMs, onSilence);

  const arm = (): void => {
    const { oldest } = calls;
    cancelTimer = oldest && clock.setTimer(oldest.dueMs - clock.monotonicMs(), expire);
  };

  const expire = (): void => {
    const nowMs = clock.monotonicMs();
    const { oldest } = calls;
    // A timer this late means that the event loop stood still: the answers may be waiting in the
    // socket, read them first.
    if (oldest && nowMs - oldest.dueMs > deadlineMs / 10 && !secondLook) {
      secondLook = true;
      cancelTimer = clock.setTimer(0, expire);
      return;
    }
    secondLook = false;
    if (oldest && oldest.dueMs <= nowMs) noteSilence?.(nowMs);
    for (let call = calls.oldest; call !== undefined && call.dueMs <= nowMs; call = calls.oldest) {
      calls.remove(call);
      call.fail(tooLate(kind, deadlineMs));
    }
    cancelTimer = undefined;
    if (calls.oldest) arm();
    else rest();
  };

  /** False when the call was settled before. */
  const end = (call: Call): boolean => {
    if (!calls.remove(call)) return false;
    if (calls.oldest === undefined) rest();
    return true;
  };

  const rest = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    secondLook = false;
    for (const resolve of idlers.splice(0)) resolve();
  };

  return {
    run(call, late) {
      return new Promise((resolve, reject) => {
        const dueMs = clock.monotonicMs() + deadlineMs;
        let answer: ReturnType<typeof call>;
        try {
          answer = call();
        } catch (error) {
          return reject(asLingpaiError(error, kind));
        }
        const entry = calls.add(dueMs, reject);
        if (cancelTimer === undefined) arm();
        answer.then(
          (value) => (end(entry) ? resolve(value) : late?.(value)),
          (error: unknown) => end(entry) && reject(asLingpaiError(error, kind)),
        );
      });
    },
    abandon(error) {
      for (let call = calls.oldest; call !== undefined; call = calls.oldest) {
        calls.remove(call);
        call.fail(error);
      }
      rest();
    },
    idle: () =>
      calls.oldest === undefined
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
  };
}

function tooLate(kind: string, deadlineMs: number): CacheUnavailableError {
  const text = `The store (${kind}) did not answer within ${deadlineMs} ms (deadlineMs of its cache or lock).`;
  return new CacheUnavailableError(text, { reason: "timeout" });
}
