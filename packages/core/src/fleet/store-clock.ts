/** The store's time, carried between its answers by this node's monotonic clock. */
import type { EventBus } from "../events/event-bus.ts";
import type { Clock } from "../time/time.ts";

/** Clocks drift and answers take time; what differs by more than this has jumped. */
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

  /** Whether the store has ever said what time it is. */
  get isSet(): boolean {
    return this.#anchor !== undefined;
  }

  /** The store said what time it is, at some instant since `startedMs` on the monotonic clock. */
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
    // Either answer may have waited for this process, which stood still, as long as its call
    // lasted.
    const slackMs = jumpMs + (anchor.endedMs - startedMs) + (last.endedMs - last.startedMs);
    if (Math.abs(nodeJumpMs) > slackMs)
      this.#bus.emit("clock-jumped", { where: "node", jumpMs: nodeJumpMs });
    else if (Math.abs(storeJumpMs) > slackMs)
      this.#bus.emit("clock-jumped", { where: "store", jumpMs: storeJumpMs });
  }

  /**
   * Whether the wall clock has left the monotonic one since the store last answered: the machine
   * may have slept.
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
   * The store's time now in whole ms, never ahead of it; the wall clock where the store has never
   * answered.
   */
  nowMs(): number {
    const last = this.#anchor;
    return Math.floor(
      last === undefined
        ? this.#clock.wallMs()
        : last.storeMs + this.#clock.monotonicMs() - last.endedMs,
    );
  }

  /** When, on the monotonic clock, the store's clock will show `storeMs` at the earliest. */
  monotonicAt(storeMs: number): number {
    const last = this.#anchor;
    if (last === undefined) return this.#clock.monotonicMs() + storeMs - this.#clock.wallMs();
    return last.startedMs + storeMs - last.storeMs;
  }
}
