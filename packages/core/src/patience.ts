/**
 * How long a caller is willing to wait: until its time is up, or until it says that it no longer
 * wants to.
 */
import type { Clock } from "./time.ts";

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
