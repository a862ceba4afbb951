/**
 * Decides when an open request, whose outcome nobody reported, counts as lost. Its age alone proves
 * little: nobody could report while the store was away, and its sender may report as soon as the
 * store is back for it too.
 */
import type { State } from "../state/state.ts";
import type { Clock } from "../time/time.ts";

/**
 * This node must have seen the request open for this long, with the store answering all the time.
 * One driver may reconnect 1 s later than another.
 */
const graceMs = 2_000;
/** The longest gap between two readings. In a longer one the store may have been away unnoticed. */
const silenceMaxMs = 4_000;

interface Sighting {
  readonly operationId: string;
  readonly untilMs: number;
  lastMs: number;
}

export class LostRequestDetector {
  readonly #clock: Clock;
  #sighting: Sighting | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns how much longer the open request of this document, if any, must be left alone, in ms.
   */
  waitMs(state: State | undefined): number {
    const nowMs = this.#clock.monotonicMs();
    const operationId = state?.intent?.operationId;
    if (operationId === undefined) {
      this.#sighting = undefined;
      return 0;
    }
    const last = this.#sighting;
    const goesOn = last?.operationId === operationId && nowMs - last.lastMs <= silenceMaxMs;
    const untilMs = goesOn ? last.untilMs : nowMs + graceMs;
    this.#sighting = { operationId, untilMs, lastMs: nowMs };
    return Math.max(0, untilMs - nowMs);
  }

  /** Starts over, because the store was away. */
  restart(): void {
    this.#sighting = undefined;
  }
}
