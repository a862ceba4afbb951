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
   * Settles as `call` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) at the deadline. A
   * later answer is dropped: a rejection is handled, and a value goes only to `late`, which may
   * free it.
   */
  run<T>(call: () => Promise<T>, late?: (value: T) => void): Promise<T>;
  /** Rejects whatever is in flight with `error`. */
  abandon(error: LingpaiError): void;
  /** Resolves when nothing is in flight, at most a deadline from now. */
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
 * This many missed deadlines, each at least a deadline after the last, within {@link silenceWindow}
 * deadlines.
 */
const silencesMax = 3;
const silenceWindow = 12;

/** Used by every call unless the caller sets `deadlineMs`. */
export const deadlineDefaultMs = 500;

/**
 * Returns the given deadline in ms, or the default, after checking that it is a whole number from 1
 * to 2^31 − 1.
 */
export function requireDeadline(
  deadlineMs: number = deadlineDefaultMs,
  name: string = "deadlineMs",
): number {
  if (Number.isInteger(deadlineMs) && deadlineMs >= 1 && deadlineMs < 2 ** 31) return deadlineMs;
  throw new ConfigurationError(
    `${name} must be a whole number of ms from 1 to 2^31 - 1, not ${String(deadlineMs)}.`,
  );
}

/**
 * Returns a function that counts missed deadlines. Answers in between do not count: in a Cluster
 * they come from the other primaries.
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

export function createDriverGuard(settings: DriverGuardSettings): DriverGuard {
  return new Guard(settings);
}

/**
 * All calls have the same deadline, so they fall due in the order in which they began: one timer,
 * armed for the oldest, serves any number of them, and none is armed while nothing is in flight.
 */
class Guard implements DriverGuard {
  readonly #kind: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #noteSilence: ((nowMs: number) => void) | undefined;
  readonly #calls = createCallQueue();
  readonly #idlers: Array<() => void> = [];
  #cancelTimer: CancelTimer | undefined;
  #isSecondLook = false;

  constructor({ kind, clock, deadlineMs, onSilence }: DriverGuardSettings) {
    this.#kind = kind;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#noteSilence = onSilence && silenceNoter(deadlineMs, onSilence);
  }

  run<T>(call: () => Promise<T>, late?: (value: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const dueMs = this.#clock.monotonicMs() + this.#deadlineMs;
      let answer: Promise<T>;
      try {
        answer = call();
      } catch (error) {
        return reject(asLingpaiError(error, this.#kind));
      }
      const entry = this.#calls.add(dueMs, reject);
      if (this.#cancelTimer === undefined) this.#arm();
      answer.then(
        (value) => (this.#end(entry) ? resolve(value) : late?.(value)),
        (error: unknown) => this.#end(entry) && reject(asLingpaiError(error, this.#kind)),
      );
    });
  }

  abandon(error: LingpaiError): void {
    for (let call = this.#calls.oldest; call !== undefined; call = this.#calls.oldest) {
      this.#calls.remove(call);
      call.fail(error);
    }
    this.#rest();
  }

  idle(): Promise<void> {
    return this.#calls.oldest === undefined
      ? Promise.resolve()
      : new Promise((resolve) => this.#idlers.push(resolve));
  }

  #arm(): void {
    const { oldest } = this.#calls;
    this.#cancelTimer =
      oldest &&
      this.#clock.setTimer(oldest.dueMs - this.#clock.monotonicMs(), () => this.#expire());
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    const { oldest } = this.#calls;
    // A timer this late means that the event loop stood still: the answers may be waiting in the
    // socket, so they are read first.
    if (oldest && nowMs - oldest.dueMs > this.#deadlineMs / 10 && !this.#isSecondLook) {
      this.#isSecondLook = true;
      this.#cancelTimer = this.#clock.setTimer(0, () => this.#expire());
      return;
    }
    this.#isSecondLook = false;
    if (oldest && oldest.dueMs <= nowMs) this.#noteSilence?.(nowMs);
    for (
      let call = this.#calls.oldest;
      call !== undefined && call.dueMs <= nowMs;
      call = this.#calls.oldest
    ) {
      this.#calls.remove(call);
      call.fail(tooLate(this.#kind, this.#deadlineMs));
    }
    this.#cancelTimer = undefined;
    if (this.#calls.oldest) this.#arm();
    else this.#rest();
  }

  /** Returns false when the call was settled before. */
  #end(call: Call): boolean {
    if (!this.#calls.remove(call)) return false;
    if (this.#calls.oldest === undefined) this.#rest();
    return true;
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isSecondLook = false;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }
}

function tooLate(kind: string, deadlineMs: number): CacheUnavailableError {
  const text = `The store (${kind}) did not answer within ${deadlineMs} ms (deadlineMs of its cache or lock).`;
  return new CacheUnavailableError(text, { reason: "timeout" });
}
