/** Measures how long one refresh lasts and how long it waits for the lease. */
import type { Context } from "../fleet/context.ts";
import type { LockWaitFigure } from "../events/measurements.ts";

export class RefreshProgress {
  readonly startedMs: number;
  readonly #context: Pick<Context, "bus" | "clock">;
  /** When it first requested the lease. */
  #waitsSinceMs: number | undefined;

  constructor(context: Pick<Context, "bus" | "clock">) {
    this.#context = context;
    this.startedMs = context.clock.monotonicMs();
  }

  /** A repeated request continues the same wait. */
  wantsLease(): void {
    this.#waitsSinceMs ??= this.#context.clock.monotonicMs();
  }

  /** Measures the wait, if there is one. */
  endWait(outcome: LockWaitFigure["outcome"]): void {
    if (this.#waitsSinceMs === undefined) return;
    this.#context.bus.measure({ kind: "lock-wait", outcome }, this.#waitsSinceMs);
    this.#waitsSinceMs = undefined;
  }
}
