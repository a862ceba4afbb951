/** The store's time, carried between its answers by this node's monotonic clock. */
import type { EventBus } from "../events/event-bus.ts";
import type { Clock } from "../time/time.ts";

/** Clocks drift and answers take time. A larger difference counts as a jump. */
const jumpMs = 5_000;

export class StoreClock {
  readonly #clock: Clock;
  readonly #bus: EventBus;
  /**
   * How far the store's clock and the wall clock were ahead of the monotonic clock at the last
   * answer, and how long that answer took. Numbers, not an object: a process may hold a hundred
   * thousand credentials.
   */
  #storeAheadMs: number | undefined;
  #wallAheadMs = 0;
  #tookMs = 0;

  constructor(clock: Clock, bus: EventBus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  /** True once the store has reported its time. */
  get isSet(): boolean {
    return this.#storeAheadMs !== undefined;
  }

  /**
   * Records the store's time, which it reported at some instant since `startedMs` on the monotonic
   * clock.
   */
  observe(storeMs: number, startedMs: number): void {
    const endedMs = this.#clock.monotonicMs();
    const lastStoreAheadMs = this.#storeAheadMs;
    const lastWallAheadMs = this.#wallAheadMs;
    // The process may have stood still, so either answer may have waited as long as its call
    // lasted.
    const slackMs = jumpMs + this.#tookMs + (endedMs - startedMs);
    this.#storeAheadMs = storeMs - endedMs;
    this.#wallAheadMs = this.#clock.wallMs() - endedMs;
    this.#tookMs = endedMs - startedMs;
    if (lastStoreAheadMs === undefined) return;
    const nodeJumpMs = this.#wallAheadMs - lastWallAheadMs;
    const storeJumpMs = this.#storeAheadMs - lastStoreAheadMs;
    if (Math.abs(nodeJumpMs) > slackMs)
      this.#bus.emit("clock-jumped", { where: "node", jumpMs: nodeJumpMs });
    else if (Math.abs(storeJumpMs) > slackMs)
      this.#bus.emit("clock-jumped", { where: "store", jumpMs: storeJumpMs });
  }

  /**
   * True when wall clock and monotonic clock have diverged since the store last answered: the
   * machine may have slept.
   */
  get isDoubtful(): boolean {
    if (!this.isSet) return false;
    const wallAheadMs = this.#clock.wallMs() - this.#clock.monotonicMs();
    return Math.abs(wallAheadMs - this.#wallAheadMs) > jumpMs;
  }

  /**
   * Returns the store's time in whole ms, never ahead of it. Before the store has answered it is
   * the wall clock's.
   */
  nowMs(): number {
    const aheadMs = this.#storeAheadMs;
    return Math.floor(
      aheadMs === undefined ? this.#clock.wallMs() : aheadMs + this.#clock.monotonicMs(),
    );
  }

  /**
   * Returns the earliest instant of the monotonic clock at which the store's clock shows `storeMs`.
   */
  monotonicAt(storeMs: number): number {
    const aheadMs = this.#storeAheadMs;
    if (aheadMs === undefined) return this.#clock.monotonicMs() + storeMs - this.#clock.wallMs();
    return storeMs - aheadMs - this.#tookMs;
  }
}
