/** Waiting that ends: with the work, at a deadline, or when somebody gives up. */
import { CacheUnavailableError } from "../errors.ts";
import { setDeadline, type Deadline } from "./deadline.ts";
import type { Clock, TimerOptions } from "./time.ts";

export interface Bounds {
  /** 0 ms: at once, unless the work is done. */
  readonly deadline?: BoundingDeadline;
  /** Each ends the waiting, not the work. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

export interface BoundingDeadline {
  readonly clock: Clock;
  readonly ms: number;
  readonly error: () => unknown;
  /** Asked when it is reached: how much longer, in ms; 0 ends the waiting. */
  readonly moreMs?: () => number;
}

/**
 * Settles as `work` does, unless a bound is reached first. Leaves no timer and no listener; late
 * rejections of `work` are handled.
 */
export function bounded<T>(work: Promise<T>, { deadline, signals }: Bounds): Promise<T> {
  const listened = signals.filter((signal) => signal !== undefined);
  return new Promise((resolve, reject) => {
    const onAbort = (event: Event): void =>
      settle(() => reject((event.target as AbortSignal).reason));
    const arm = (bound: BoundingDeadline, ms: number): Deadline =>
      setDeadline(bound.clock, Math.max(1, ms), () => {
        const leftMs = bound.moreMs?.() ?? 0;
        if (leftMs > 0) timer = arm(bound, leftMs);
        else settle(() => reject(bound.error()));
      });
    let timer = deadline && arm(deadline, deadline.ms);
    const settle = (finish: () => void): void => {
      timer?.cancel();
      for (const signal of listened) signal.removeEventListener("abort", onAbort);
      finish();
    };
    for (const signal of listened) signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    const aborted = listened.find((signal) => signal.aborted);
    if (aborted !== undefined) settle(() => reject(aborted.reason));
  });
}

/** As {@link bounded}, but gives `late` when `ms` have passed. */
export function boundedOr<T>(
  work: Promise<T>,
  late: T,
  clock: Clock,
  ms: number,
  signals: Bounds["signals"],
): Promise<T> {
  const passed = new Error("The time is over.");
  return bounded(work, { deadline: { clock, ms, error: () => passed }, signals }).catch(
    (error: unknown) => {
      if (error !== passed) throw error;
      return late;
    },
  );
}

/**
 * Settles as `answer` does, or rejects with `CACHE_UNAVAILABLE` (`timeout`) after `limitMs`. An
 * answer that comes later is dropped, a rejection too: nobody is told of it as unhandled. `limitMs`
 * may be negative: then there is no time at all.
 */
export function settleWithin<T>(
  answer: Promise<T>,
  limitMs: number,
  clock: Clock,
  options?: TimerOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(
      Math.max(0, limitMs),
      () =>
        reject(
          new CacheUnavailableError(
            `The store did not answer within ${Math.max(0, Math.round(limitMs))} ms.`,
            { reason: "timeout" },
          ),
        ),
      options,
    );
    answer.then(resolve, reject).finally(cancel);
  });
}

/** Calls `operation` now; what it throws instead of rejecting is a rejection all the same. */
export async function start<T>(operation: () => Promise<T>): Promise<T> {
  return operation();
}

export interface Patience {
  /** Aborts with the time-out's error, or with the caller's own reason. */
  readonly signal: AbortSignal;
  /** Ends it now, as if the time were up. */
  exhaust(): void;
  /** Frees the timer and the listener. */
  dispose(): void;
}

export interface PatienceSettings {
  readonly clock: Clock;
  /** 0 sets no timer: call {@link Patience.exhaust} when waiting would begin. */
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly timeoutError: () => Error;
}

export function createPatience({
  clock,
  waitMs,
  signal,
  timeoutError,
}: PatienceSettings): Patience {
  const controller = new AbortController();
  const exhaust = (): void => controller.abort(timeoutError());
  const cancel = waitMs > 0 ? clock.setTimer(waitMs, exhaust) : undefined;
  const onAbort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    exhaust,
    dispose() {
      cancel?.();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/**
 * Settles as `work` does, or rejects with the signal's reason as soon as it aborts. What `work`
 * still brings then goes to `abandoned`; a failure that comes too late is nobody's.
 */
export function orAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  abandoned: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let gaveUp = false;
    const onAbort = (): void => {
      gaveUp = true;
      reject(signal.reason);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        if (gaveUp) abandoned(value);
        else resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
}
