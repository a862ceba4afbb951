/** Waits that end with the work, at a deadline, or when a caller gives up. */
import { CacheUnavailableError } from "../errors.ts";
import { setDeadline } from "./deadline.ts";
import { onAbort } from "./on-abort.ts";
import type { CancelTimer, Clock, TimerOptions } from "./time.ts";

export interface WaitOptions<T> {
  readonly deadline?: WaitDeadline<T> | undefined;
  /** Each ends the waiting, not the work: the wait then rejects with the signal's reason. */
  readonly signals?: readonly (AbortSignal | undefined)[];
  /** Gets a value that came after the wait had ended, so that it can be given back. */
  readonly onLateValue?: (value: T) => void;
}

export interface WaitDeadline<T> {
  readonly clock: Clock;
  /** 0 ends the wait at once, unless the work is done. */
  readonly ms: number;
  /** Returns the value to resolve to at the deadline, or throws the error to reject with. */
  readonly onLate: () => T;
  /** Asked at the deadline for how much longer to wait, in ms. 0 ends the wait. */
  readonly moreMs?: () => number;
  /** Measures by the clock alone, a standstill of this process included, by a timer like this. */
  readonly timer?: TimerOptions;
}

/**
 * Settles as `work` does, unless the deadline passes or a signal aborts first. Leaves no timer and
 * no listener. A rejection of `work` that comes later is handled.
 */
export function waitFor<T>(work: Promise<T>, options: WaitOptions<T>): Promise<T> {
  const { deadline, signals = [], onLateValue } = options;
  const listened = signals.filter((signal) => signal !== undefined);
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (finish: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      cancel?.();
      for (const leave of leaves) leave();
      finish();
    };
    const arm = (bound: WaitDeadline<T>, ms: number): CancelTimer =>
      setTimer(bound, ms, () => {
        const leftMs = bound.moreMs?.() ?? 0;
        if (leftMs > 0) cancel = arm(bound, leftMs);
        else
          settle(() => {
            try {
              resolve(bound.onLate());
            } catch (error) {
              reject(error as Error);
            }
          });
      });
    const leaves = listened.map((signal) =>
      onAbort(signal, () => settle(() => reject(signal.reason))),
    );
    let cancel = deadline && arm(deadline, deadline.ms);
    work.then(
      (value) => (isSettled ? onLateValue?.(value) : settle(() => resolve(value))),
      (error: unknown) => settle(() => reject(error)),
    );
    const aborted = listened.find((signal) => signal.aborted);
    if (aborted !== undefined) settle(() => reject(aborted.reason));
  });
}

function setTimer<T>({ clock, timer }: WaitDeadline<T>, ms: number, end: () => void): CancelTimer {
  if (timer !== undefined) return clock.setTimer(Math.max(0, ms), end, timer);
  return setDeadline(clock, Math.max(1, ms), end).cancel;
}

/**
 * The deadline of a store's answer: `CACHE_UNAVAILABLE` (`timeout`) after `ms`, by the clock alone.
 * If `ms` is negative, the deadline has passed already.
 */
export function storeDeadline(
  clock: Clock,
  ms: number,
  timer: TimerOptions = {},
): WaitDeadline<never> {
  const onLate = (): never => {
    throw new CacheUnavailableError(
      `The store did not answer within ${Math.max(0, Math.round(ms))} ms (storeDeadlineMs).`,
      { reason: "timeout" },
    );
  };
  return { clock, ms, onLate, timer };
}

/** Calls `operation` now. An error that it throws becomes a rejection. */
export async function start<T>(operation: () => Promise<T>): Promise<T> {
  return operation();
}

/** A caller's wait: its time limit and its signal in one. */
export interface WaitLimit {
  /** Aborts with the timeout's error, or with the caller's own reason. */
  readonly signal: AbortSignal;
  /** Ends the wait now, as if its time were over. */
  exhaust(): void;
  /** Frees the timer and the listener. */
  dispose(): void;
}

export interface WaitLimitSettings {
  readonly clock: Clock;
  /** 0 sets no timer: call {@link WaitLimit.exhaust} when waiting would begin. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly timeoutError: () => Error;
}

export function createWaitLimit({
  clock,
  waitMs,
  signal,
  timeoutError,
}: WaitLimitSettings): WaitLimit {
  const controller = new AbortController();
  const exhaust = (): void => controller.abort(timeoutError());
  const cancel = waitMs > 0 ? clock.setTimer(waitMs, exhaust) : undefined;
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  const leave = signal?.aborted === false ? onAbort(signal, abort) : undefined;
  return {
    signal: controller.signal,
    exhaust,
    dispose() {
      cancel?.();
      leave?.();
    },
  };
}
