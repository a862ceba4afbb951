/** The time limit of a business call. */
import { LingpaiError } from "@lingpai/core";
import type { Clock } from "@lingpai/core";

/** A business call had no answer in time. The platform may have processed it. */
export class CallTimeoutError extends LingpaiError {
  readonly timeoutMs: number;

  constructor(call: string, timeoutMs: number) {
    super(
      "CALL_TIMEOUT",
      `${call} had no answer within ${timeoutMs} ms (timeoutMs; uploadTimeoutMs for uploads); the platform may have processed it.`,
      { retryable: true },
    );
    this.timeoutMs = timeoutMs;
  }
}

export interface CallDeadline {
  /** Aborts at the deadline, or when the caller's own signal aborts. */
  readonly signal: AbortSignal;
  /** Removes the deadline. The caller's signal still applies. */
  lift(): void;
}

export function callDeadline(
  clock: Clock,
  call: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): CallDeadline {
  const controller = new AbortController();
  const lift = clock.setTimer(timeoutMs, () =>
    controller.abort(new CallTimeoutError(call, timeoutMs)),
  );
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    lift,
  };
}
