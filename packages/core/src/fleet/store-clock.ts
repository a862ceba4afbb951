/** The store's time, carried between its answers by this node's monotonic clock. */
import type { EventBus } from "../events/event-bus.ts";
import type { Clock } from "../time/time.ts";

/** Clocks drift and answers take time. A larger difference counts as a jump. */
const jumpMs = 5_000;

interface Anchor {
  readonly storeMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly wallMs: number;
}

export class StoreClock {
  readonly #clock: Clock;
  readonly #bus: EventBus;
  #anchor: Anchor | undefined;

  constructor(clock: Clock, bus: EventBus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  /** True once the store has reported its time. */
  get isSet(): boolean {
    return this.#anchor !== undefined;
  }

  /**
   * Records the store's time, which it reported at some instant since `startedMs` on the monotonic
   * clock.
   */
  observe(storeMs: number, startedMs: number): void {
    const anchor = {
      storeMs,
      startedMs,
      endedMs: this.#clock.monotonicMs(),
      wallMs: this.#clock.wallMs(),
    };
    const last = this.#anchor;
    this.#anchor = anchor;
    if (last === undefined) return;
    const passedMs = anchor.endedMs - last.endedMs;
    const nodeJumpMs = anchor.wallMs - last.wallMs - passedMs;
    const storeJumpMs = storeMs - last.storeMs - passedMs;
    // The process may have stood still, so either answer may have waited as long as its call
    // lasted.
    const slackMs = jumpMs + (anchor.endedMs - startedMs) + (last.endedMs - last.startedMs);
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
    const last = this.#anchor;
    if (last === undefined) return false;
    return (
      Math.abs(this.#clock.wallMs() - last.wallMs - (this.#clock.monotonicMs() - last.endedMs)) >
      jumpMs
    );
  }

  /**
   * Returns the store's time in whole ms, never ahead of it. Before the store has answered it is
   * the wall clock's.
   */
  nowMs(): number {
    const last = this.#anchor;
    return Math.floor(
      last === undefined
        ? this.#clock.wallMs()
        : last.storeMs + this.#clock.monotonicMs() - last.endedMs,
    );
  }

  /**
   * Returns the earliest instant of the monotonic clock at which the store's clock shows `storeMs`.
   */
  monotonicAt(storeMs: number): number {
    const last = this.#anchor;
    if (last === undefined) return this.#clock.monotonicMs() + storeMs - this.#clock.wallMs();
    return last.startedMs + storeMs - last.storeMs;
  }
}
