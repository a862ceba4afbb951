/**
 * Decides when an open request, whose outcome nobody reported, counts as lost. Its age alone proves
 * little: nobody could report while the store was away, and its sender may report as soon as the
 * store is back for it too.
 */
import type { Intent, State } from "../state/state.ts";
import type { Clock } from "../time/time.ts";
import type { StoreClock } from "./store-clock.ts";

/**
 * This node must have seen the request open for this long, with the store answering all the time.
 * One driver may reconnect 1 s later than another.
 */
const graceMs = 2_000;
/**
 * As long, for a request that must have ended: its sender has only to report it. Callers are served
 * within 2 s after an outage, so this leaves time for another request.
 */
const endedGraceMs = 1_500;
/** The longest gap between two readings. In a longer one the store may have been away unnoticed. */
const silenceMaxMs = 4_000;

interface Sighting {
  readonly operationId: string;
  readonly untilMs: number;
  lastMs: number;
}

export class LostRequestDetector {
  readonly #clock: Clock;
  readonly #storeClock: Pick<StoreClock, "nowMs">;
  readonly #fetchDeadlineMs: number;
  #sighting: Sighting | undefined;

  constructor(clock: Clock, storeClock: Pick<StoreClock, "nowMs">, fetchDeadlineMs: number) {
    this.#clock = clock;
    this.#storeClock = storeClock;
    this.#fetchDeadlineMs = fetchDeadlineMs;
  }

  /**
   * Returns how much longer the open request of this document, if any, must be left alone, in ms.
   */
  waitMs(state: State | undefined): number {
    const nowMs = this.#clock.monotonicMs();
    const intent = state?.intent;
    if (intent === undefined) {
      this.#sighting = undefined;
      return 0;
    }
    const { operationId } = intent;
    const last = this.#sighting;
    const goesOn = last?.operationId === operationId && nowMs - last.lastMs <= silenceMaxMs;
    const untilMs = goesOn ? last.untilMs : nowMs + this.#graceMs(intent);
    this.#sighting = { operationId, untilMs, lastMs: nowMs };
    return Math.max(0, untilMs - nowMs);
  }

  #graceMs({ atMs }: Intent): number {
    return this.#storeClock.nowMs() - atMs > this.#fetchDeadlineMs ? endedGraceMs : graceMs;
  }

  /** Starts over, because the store was away. */
  restart(): void {
    this.#sighting = undefined;
  }
}
