/** Since when one refresh lasts, and how long it has waited for the lease. */
import type { Context } from "../fleet/context.ts";
import type { LockWaitFigure } from "../events/measurements.ts";

export class RefreshProgress {
  readonly startedMs: number;
  readonly #context: Pick<Context, "bus" | "clock">;
  /** Since when it wants the lease. */
  #waitsSinceMs: number | undefined;

  constructor(context: Pick<Context, "bus" | "clock">) {
    this.#context = context;
    this.startedMs = context.clock.monotonicMs();
  }

  /** A refresh that asks again goes on waiting. */
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
