/**
 * Keeps an outcome that could not be stored yet, a credential or a refusal, and offers it to the
 * store until the store takes it.
 */
import type { LeaderLease } from "./attempt.ts";
import type { Context } from "../fleet/context.ts";

/**
 * The first pause between tries. A node that sends no commands would not notice that the store is
 * back.
 */
const firstRetryMs = 250;
/** A later pause lasts as long as the outage so far, divided by this. */
const retryPart = 40;
/** The longest pause. Consumers wait, and no message shows that the store takes writes again. */
const retryMaxMs = 1_000;

interface Pending {
  readonly store: () => Promise<void>;
  /** Kept, so that no node takes the open request for a lost one and sends another. */
  readonly lease: LeaderLease;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class UnstoredOutcome {
  readonly #context: Pick<Context, "clock" | "parameters" | "random">;
  #pending: Pending | undefined;
  #running: { readonly pending: Pending; readonly done: Promise<void> } | undefined;
  #cancel: (() => void) | undefined;

  constructor(context: Pick<Context, "clock" | "parameters" | "random">) {
    this.#context = context;
  }

  /**
   * Calls `store` until it succeeds or `forMs` have passed: periodically, and at once when the
   * store returns. A later call of `keep` replaces an earlier one. Releases the lease at the end,
   * or as soon as the request can no longer be in flight.
   */
  keep(forMs: number, lease: LeaderLease, store: () => Promise<void>): void {
    const sinceMs = this.#context.clock.monotonicMs();
    if (this.#pending?.lease !== lease) this.#end();
    const pending = { store, lease, sinceMs, untilMs: sinceMs + forMs };
    this.#pending = pending;
    this.#arm(pending);
  }

  /** Returns true when this lease is kept for an outcome that waits. */
  keeps(lease: LeaderLease): boolean {
    return this.#pending?.lease === lease;
  }

  /**
   * Stores the waiting outcome, and any that replaces it meanwhile. Resolves to false when none was
   * waiting. Rejects with the store's error.
   */
  async flush(): Promise<boolean> {
    if (this.#pending === undefined) return false;
    while (this.#pending !== undefined) await this.#offer(this.#pending);
    return true;
  }

  /** Tries again because the store is back, without waiting for the answer. */
  retryNow(): void {
    if (this.#pending !== undefined) void this.#retry(this.#pending);
  }

  /** Tries a last time, and releases the lease. */
  async close(): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    await this.#offer(pending).catch(() => {});
    this.#end();
    await pending.lease.release();
  }

  /**
   * Runs one write at a time. A call for the running outcome shares its result. A call for another
   * outcome waits for its end.
   */
  async #offer(pending: Pending): Promise<void> {
    while (this.#running !== undefined && this.#running.pending !== pending)
      await this.#running.done.catch(() => {});
    this.#running ??= {
      pending,
      done: this.#store(pending).finally(() => (this.#running = undefined)),
    };
    return this.#running.done;
  }

  async #store(pending: Pending): Promise<void> {
    await pending.store();
    if (this.#pending !== pending) return;
    this.#end();
    await pending.lease.release();
  }

  #end(): void {
    this.#cancel?.();
    void this.#pending?.lease.release();
    this.#pending = undefined;
  }

  #arm(pending: Pending): void {
    const { clock, random } = this.#context;
    const waitedMs = clock.monotonicMs() - pending.sinceMs;
    const delayMs =
      Math.min(retryMaxMs, Math.max(firstRetryMs, waitedMs / retryPart)) *
      (0.8 + 0.4 * random.next());
    this.#cancel?.();
    this.#cancel = clock.setTimer(delayMs, () => void this.#retry(pending), { background: true });
  }

  async #retry(pending: Pending): Promise<void> {
    const { clock, parameters } = this.#context;
    try {
      await this.#offer(pending);
    } catch {
      if (this.#pending !== pending) return;
      const nowMs = clock.monotonicMs();
      if (nowMs >= pending.untilMs) return this.#end();
      // From now on nobody needs to wait for this request, and other nodes may be able to write.
      if (nowMs >= pending.sinceMs + parameters.drainMs) void pending.lease.release();
      this.#arm(pending);
    }
  }
}
