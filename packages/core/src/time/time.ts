/**
 * Time as a service: the only module that reads the machine's clocks or sets timers.
 *
 * Everything else receives a {@link Clock}, so that tests and the simulation decide when time
 * passes.
 */

import { onAbort } from "./on-abort.ts";
import { Sweep } from "./sweep.ts";

export interface Clock {
  /**
   * Monotonic time in ms, from an arbitrary origin. Never runs backwards; may stand still while the
   * machine is suspended.
   */
  monotonicMs(): number;
  /**
   * The wall clock in ms since the Unix epoch. Used only for labels and to notice a suspend: it may
   * jump.
   */
  wallMs(): number;
  /**
   * Calls `fire` once, at least `delayMs` from now (values below 0 count as 0, any finite length is
   * allowed), and returns a function that cancels it. A `background` timer does not keep the
   * process alive.
   */
  setTimer(delayMs: number, fire: () => void, options?: TimerOptions): CancelTimer;
}

export interface TimerOptions {
  readonly background?: boolean;
}

export type CancelTimer = () => void;

/**
 * The longest delay that a single Node timer takes; longer ones fire at once there, so they are
 * chained here.
 */
const timerMaxMs = 2 ** 31 - 1;

/** The machine's own clocks. */
export const systemClock: Clock = {
  // Bound, because a function around it would make every fresh `get` a tenth slower.
  monotonicMs: performance.now.bind(performance),
  wallMs: () => Date.now(),
  setTimer(delayMs, fire, options = {}) {
    if (!options.background) return setNodeTimer(delayMs, fire);
    const due = systemSweep.add(delayMs, { wake: fire });
    return () => systemSweep.cancel(due);
  },
};

function setNodeTimer(delayMs: number, fire: () => void, options: TimerOptions = {}): CancelTimer {
  let remainingMs = Math.max(0, delayMs);
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const stepMs = Math.min(remainingMs, timerMaxMs);
    remainingMs -= stepMs;
    timer = setTimeout(() => (remainingMs > 0 ? arm() : fire()), Math.ceil(stepMs));
    if (options.background) timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
}

/** One Node timer serves all background timers of the process. */
const systemSweep = new Sweep({ monotonicMs: systemClock.monotonicMs, setTimer: setNodeTimer });
const sweeps = new WeakMap<Clock, Sweep>([[systemClock, systemSweep]]);

/** Returns the sweep that all sleepers of this clock share. */
export function sweepOf(clock: Clock): Sweep {
  const sweep = sweeps.get(clock) ?? new Sweep(clock);
  sweeps.set(clock, sweep);
  return sweep;
}

/**
 * Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts; leaves no
 * timer or listener behind.
 */
export function delay(
  clock: Clock,
  delayMs: number,
  signal?: AbortSignal,
  timer: TimerOptions = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const leave =
      signal &&
      onAbort(signal, () => {
        cancel();
        reject(signal.reason);
      });
    const cancel = clock.setTimer(
      delayMs,
      () => {
        leave?.();
        resolve();
      },
      timer,
    );
  });
}
