/**
 * One timer for all sleepers of a clock, instead of one each, because there may be a hundred
 * thousand of them.
 */
import { DueQueue, type Due } from "./due-queue.ts";

export interface Sleeper {
  wake(): void;
}

/** The parts of a clock that a sweep uses. */
interface Timers {
  monotonicMs(): number;
  setTimer(delayMs: number, fire: () => void, options: { readonly background: true }): () => void;
}

export class Sweep {
  readonly #clock: Timers;
  readonly #sleepers = new DueQueue<Sleeper>();
  #cancel: (() => void) | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Timers) {
    this.#clock = clock;
  }

  /** Wakes `sleeper` once, at least `ms` from now. */
  add(ms: number, sleeper: Sleeper): Due<Sleeper> {
    const due = this.#sleepers.add(this.#clock.monotonicMs() + Math.max(0, ms), sleeper);
    this.#arm();
    return due;
  }

  cancel(due: Due<Sleeper>): void {
    this.#sleepers.cancel(due);
    if (this.#sleepers.size === 0) this.#disarm();
  }

  /**
   * The timer is set again only for an earlier sleeper, because setting it costs more than a wake.
   */
  #arm(): void {
    const dueMs = this.#sleepers.first()?.dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs >= this.#wakeAtMs) return;
    this.#disarm();
    this.#wakeAtMs = dueMs;
    const ms = Math.max(0, dueMs - this.#clock.monotonicMs());
    this.#cancel = this.#clock.setTimer(ms, () => this.#sweep(), { background: true });
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }

  #sweep(): void {
    this.#disarm();
    const nowMs = this.#clock.monotonicMs();
    try {
      for (
        let sleeper = this.#sleepers.take(nowMs);
        sleeper !== undefined;
        sleeper = this.#sleepers.take(nowMs)
      )
        sleeper.wake();
    } finally {
      // Goes on after one that throws, because the others are due too.
      this.#arm();
    }
  }
}
