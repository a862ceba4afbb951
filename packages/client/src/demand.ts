/** Knows whether anybody needs this credential. Without a need the server is not polled. */
import type { Clock, EventBus } from "@lingpai/core";
import type { LocalCopy } from "./local-copy.ts";

export class Demand {
  readonly #clock: Clock;
  readonly #local: LocalCopy;
  readonly #bus: EventBus;
  /** On the monotonic clock. */
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #uses = 0;

  constructor(clock: Clock, local: LocalCopy, bus: EventBus) {
    this.#clock = clock;
    this.#local = local;
    this.#bus = bus;
  }

  /** Records a caller that waits. Callers that the copy serves are noticed at the next poll. */
  use(): void {
    this.#usedAtMs = this.#clock.monotonicMs();
  }

  /**
   * Returns true when the credential was used within the longest life that the server stated, or
   * somebody listens to its events.
   */
  isWanted(): boolean {
    const { lifeMs, uses } = this.#local;
    if (uses !== this.#uses) this.use();
    this.#uses = uses;
    return this.#bus.keepsFresh || this.#clock.monotonicMs() - this.#usedAtMs < lifeMs;
  }
}
