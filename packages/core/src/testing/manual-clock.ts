/** A clock that stands still until a test moves it. */
import { setImmediate } from "node:timers/promises";
import type { CancelTimer, Clock, TimerOptions } from "../time/time.ts";

export interface ManualClock extends Clock {
  /**
   * Lets `ms` pass. Fires due timers in the order of their times; timers of one instant fire in the
   * order in which they were set. After each timer, everything that follows from it settles before
   * time goes on. Timers that are set meanwhile fire too when they are due.
   */
  advance(ms: number): Promise<void>;
  /**
   * Lets promise continuations and work queued with `setImmediate` finish, without moving time.
   * Real I/O is not waited for.
   */
  settle(): Promise<void>;
  /**
   * Lets `ms` pass while the event loop is blocked. Nothing fires and nothing settles until the
   * next {@link ManualClock.advance}.
   */
  stall(ms: number): void;
  /**
   * Suspends the machine for `ms`. The wall clock and the world go on; the monotonic clock and the
   * timers stand still.
   */
  suspend(ms: number): void;
  /** Steps the wall clock by `ms`, in either direction, as NTP does. Nothing else moves. */
  stepWall(ms: number): void;
  /**
   * The time of the world outside, in ms, for platforms and stores in tests. It passes with every
   * advance, stall and suspend, and has no steps.
   */
  worldMs(): number;
  /** How many timers are set and have not fired, background ones included. */
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
 * How many turns of the event loop to wait. Chains of promises may use `setImmediate` a few times.
 */
const settleTurns = 4;

export function manualClock(options: ManualClockOptions = {}): ManualClock {
  const firstWallMs = options.wallMs ?? Date.UTC(2026, 0, 1);
  let monotonicMs = options.monotonicMs ?? 1000;
  let wallMs = firstWallMs;
  let worldMs = firstWallMs;
  /** Sorted by time. Timers of one instant stand in the order in which they were set. */
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
      // by a rounding error cannot repeat forever.
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
