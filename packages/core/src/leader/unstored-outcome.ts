/**
 * Keeps an outcome that could not be stored yet, a credential or a refusal, and offers it to the
 * store until the store takes it.
 */
import type { LeaderLease } from "./attempt.ts";
import type { Context } from "../fleet/context.ts";

/** Only a node that sends commands notices that the store is back, so one is sent this often, */
const firstRetryMs = 250;
/** and less often the longer it has been away: after a fortieth of that time, */
const retryPart = 40;
/** up to this. */
const retryMaxMs = 10_000;

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
   * Calls `store` until it succeeds or `forMs` have passed: at once when the store returns, and now
   * and then, because other faults may be mended too. The newest call replaces an earlier one.
   * Keeps the lease meanwhile, no longer than the request may be in flight, and releases it.
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
   * Offers it now, if there is something; whether there was. Resolves when nothing waits any more.
   * Throws what the store throws.
   */
  async flush(): Promise<boolean> {
    if (this.#pending === undefined) return false;
    while (this.#pending !== undefined) await this.#offer(this.#pending);
    return true;
  }

  /** Offers the waiting outcome because the store is back, without waiting for the answer. */
  retryNow(): void {
    if (this.#pending !== undefined) void this.#retry(this.#pending);
  }

  /** Makes one last try. */
  async close(): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    await this.#offer(pending).catch(() => {});
    this.#end();
    await pending.lease.release();
  }

  /** One at a time: who offers what is under way shares its outcome; another is waited for. */
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
