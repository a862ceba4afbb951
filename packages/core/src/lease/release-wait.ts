/** Wakes a caller that waits for a lock, when another try may succeed. */
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { LeaseRequest } from "./lease-request.ts";
import type { Busy } from "../lock/lock.ts";
import { onAbort } from "../time/on-abort.ts";
import { start, storeDeadline, waitFor } from "../time/wait.ts";
import type { Random } from "../random.ts";

export interface WakeUp {
  /** True when the store reports releases. Otherwise only another try finds out. */
  readonly isPushed: boolean;
  /**
   * Resolves after `ms`, or at the next release, or at once when one was reported since the last
   * call. Rejects when the signal aborts.
   */
  sleep(ms: number): Promise<void>;
  /** Ends the subscription, without waiting for the store. */
  end(): void;
}

/**
 * Subscribes if the lock reports releases. If it does not, or cannot now, the caller only sleeps.
 * Rejects when the signal aborts.
 */
export async function listenForRelease(
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<WakeUp> {
  let isReleased = false;
  let wake = (): void => {};
  const unsubscribe = await subscribe(request, signal, () => {
    isReleased = true;
    wake();
  });
  const nap = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel();
        leave();
        resolve();
      };
      const cancel = request.clock.setTimer(ms, end);
      const leave = onAbort(signal, end);
      wake = end;
    });
  return {
    isPushed: unsubscribe !== undefined,
    async sleep(ms) {
      if (!isReleased && !signal.aborted) await nap(ms);
      isReleased = false;
      signal.throwIfAborted();
    },
    end() {
      if (unsubscribe !== undefined) endQuietly(unsubscribe);
    },
  };
}

async function subscribe(
  request: LeaseRequest,
  signal: AbortSignal,
  listener: () => void,
): Promise<Unsubscribe | undefined> {
  const { lock, name, clock, storeDeadlineMs } = request;
  const { onRelease } = lock;
  if (onRelease === undefined) return undefined;
  const opening = start(() => onRelease.call(lock, name, listener));
  let isTaken = false;
  try {
    const deadline = storeDeadline(clock, storeDeadlineMs);
    const unsubscribe = await waitFor(opening, { deadline, signals: [signal] });
    isTaken = true;
    return unsubscribe;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    if (!isTaken) opening.then(endQuietly, () => {});
  }
}

function endQuietly(unsubscribe: Unsubscribe): void {
  unsubscribe().catch(() => {});
}

/**
 * A lease can end without a message. One that never ends (a foreign value in its place) is checked
 * this often, in ms.
 */
const pushedPauseMaxMs = 10_000;
const polledPauseFirstMs = 25;
const polledPauseMaxMs = 250;

/**
 * Returns how long to sleep before the next try, in ms: until shortly after the end of the holder's
 * lease. Without messages the steps grow to a quarter of a second. The result has jitter, so that
 * waiters of several processes do not ask at the same time.
 */
export function pauseMs(busy: Busy, tries: number, isPushed: boolean, random: Random): number {
  const leaseEndMs = Math.max(0, busy.remainingMs) + 1 + random.next() * 4;
  if (isPushed) return Math.min(leaseEndMs, pushedPauseMaxMs);
  const stepMs = Math.min(polledPauseMaxMs, polledPauseFirstMs * 2 ** Math.min(tries, 10));
  return Math.min(leaseEndMs, stepMs * (0.5 + random.next() / 2));
}
