/** A clock that stands still until a test moves it. */
import { setImmediate } from "node:timers/promises";
import type { CancelTimer, Clock, TimerOptions } from "../time/time.ts";

export interface ManualClock extends Clock {
  /**
   * Lets `ms` pass: fires due timers in the order of their times (those of one instant in the order
   * they were set), and after each one lets everything that follows from it settle before time goes
   * on. Timers set meanwhile fire too when they fall due.
   */
  advance(ms: number): Promise<void>;
  /**
   * Lets promise continuations and work queued with `setImmediate` finish, without moving time.
   * Real I/O is not waited for.
   */
  settle(): Promise<void>;
  /**
   * Time passes while the event loop is blocked: nothing fires and nothing settles until the next
   * {@link ManualClock.advance}.
   */
  stall(ms: number): void;
  /**
   * The machine sleeps: the wall clock and the world go on, the monotonic clock and the timers
   * stand still.
   */
  suspend(ms: number): void;
  /** NTP corrects the wall clock by `ms`, in either direction; nothing else moves. */
  stepWall(ms: number): void;
  /**
   * Time in the world outside in ms: passes with every advance, stall and suspend, and knows no
   * steps. For platforms and stores in tests.
   */
  worldMs(): number;
  /** Timers that are set and have not fired, background ones included. */
  readonly pendingTimers: number;
}

export interface ManualClockOptions {
  /** @defaultValue 2026-01-01T00:00:00Z */
  readonly wallMs?: number;
  /** @defaultValue 1000 */
  readonly monotonicMs?: number;
}

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/**
 * Enough turns of the event loop for chains of promises that hop through `setImmediate` a few
 * times.
 */
const settleTurns = 4;

export function manualClock(options: ManualClockOptions = {}): ManualClock {
  const firstWallMs = options.wallMs ?? Date.UTC(2026, 0, 1);
  let monotonicMs = options.monotonicMs ?? 1000;
  let wallMs = firstWallMs;
  let worldMs = firstWallMs;
  /** Sorted by time; timers of one instant stand in the order they were set. */
  const timers: Timer[] = [];

  const pass = (ms: number): void => {
    monotonicMs += ms;
    wallMs += ms;
    worldMs += ms;
  };

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < settleTurns; turn += 1) await setImmediate();
  };

  return {
    monotonicMs: () => monotonicMs,
    wallMs: () => Math.floor(wallMs),
    worldMs: () => worldMs,
    get pendingTimers() {
      return timers.length;
    },
    setTimer(delayMs: number, fire: () => void, _options?: TimerOptions): CancelTimer {
      if (!Number.isFinite(delayMs))
        throw new RangeError(`A timer needs a finite delay, not ${delayMs}.`);
      // Whole ms, upwards, as the machine's timers: time stays free of fractions, and "not yet due"
      // by a rounding error cannot repeat for ever.
      const timer: Timer = { dueMs: monotonicMs + Math.ceil(Math.max(0, delayMs)), fire };
      const place = timers.findLastIndex((other) => other.dueMs <= timer.dueMs) + 1;
      timers.splice(place, 0, timer);
      return () => {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      };
    },
    settle,
    async advance(ms) {
      checkDuration(ms);
      const endMs = monotonicMs + ms;
      await settle();
      for (let next = timers[0]; next !== undefined && next.dueMs <= endMs; next = timers[0]) {
        timers.shift();
        pass(Math.max(0, next.dueMs - monotonicMs));
        next.fire();
        await settle();
      }
      pass(Math.max(0, endMs - monotonicMs));
    },
    stall(ms) {
      checkDuration(ms);
      pass(ms);
    },
    suspend(ms) {
      checkDuration(ms);
      wallMs += ms;
      worldMs += ms;
    },
    stepWall(ms) {
      wallMs += ms;
    },
  };
}

function checkDuration(ms: number): void {
  if (!(ms >= 0 && Number.isFinite(ms)))
    throw new RangeError(
      `Time passes by a finite number of ms from 0, not ${ms}. Use stepWall for the wall clock.`,
    );
}
