/**
 * When an announced request that nobody has reported may be taken for lost. Its age alone says
 * little: while the store was away nobody could report, and whoever sent it may be about to, as
 * soon as the store is back for them too.
 */
import type { State } from "../state/state.ts";
import type { Clock } from "../time/time.ts";

/**
 * How long this node must have seen it open, with the store answering all the time. A driver may
 * reconnect 1 s later than another.
 */
const graceMs = 2_000;
/**
 * Between two readings: after a longer silence the store may have been away without this node
 * noticing.
 */
const silenceMaxMs = 4_000;

interface Sighting {
  readonly operationId: string;
  readonly untilMs: number;
  lastMs: number;
}

export class Takeover {
  readonly #clock: Clock;
  #sighting: Sighting | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The store holds this document now: for how long its open request, if there is one, should be
   * left alone yet, in ms.
   */
  waitMs(state: State | undefined): number {
    const nowMs = this.#clock.monotonicMs();
    const operationId = state?.intent?.operationId;
    if (operationId === undefined) return 0;
    const last = this.#sighting;
    const goesOn = last?.operationId === operationId && nowMs - last.lastMs <= silenceMaxMs;
    const untilMs = goesOn ? last.untilMs : nowMs + graceMs;
    this.#sighting = { operationId, untilMs, lastMs: nowMs };
    return Math.max(0, untilMs - nowMs);
  }

  /** The store was away: what was seen before says nothing. */
  restart(): void {
    this.#sighting = undefined;
  }
}
