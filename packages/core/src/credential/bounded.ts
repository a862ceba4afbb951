/** Waiting that ends: with the work, at a deadline, when the caller leaves, or when everything closes. */
import { setDeadline } from "../deadline.ts";
import type { Clock } from "../time.ts";

export interface Bounds {
  /** 0 ms: at once, unless the work is done. */
  readonly deadline?: { readonly clock: Clock; readonly ms: number; readonly error: () => unknown };
  /** Each ends the waiting, not the work. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** Settles as `work` does, unless a bound is reached first. Leaves no timer and no listener; late rejections of `work` are handled. */
export function bounded<T>(work: Promise<T>, { deadline, signals }: Bounds): Promise<T> {
  const listened = signals.filter((signal) => signal !== undefined);
  return new Promise((resolve, reject) => {
    const onAbort = (event: Event): void => settle(() => reject((event.target as AbortSignal).reason));
    const timer = deadline && setDeadline(deadline.clock, Math.max(1, deadline.ms), () => settle(() => reject(deadline.error())));
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
export function boundedOr<T>(work: Promise<T>, late: T, clock: Clock, ms: number, signals: Bounds["signals"]): Promise<T> {
  const passed = new Error("The time is over.");
  return bounded(work, { deadline: { clock, ms, error: () => passed }, signals }).catch((error: unknown) => {
    if (error !== passed) throw error;
    return late;
  });
}
