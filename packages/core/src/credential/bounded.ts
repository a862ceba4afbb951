/**
 * Waiting that ends: with the work, at a deadline, when the caller leaves, or when everything
 * closes.
 */
import { setDeadline, type Deadline } from "../deadline.ts";
import type { Clock } from "../time.ts";

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
