/**
 * What became of a request and could not be stored yet, a credential or a refusal: kept in memory,
 * and offered to the store until it takes it.
 */
import type { Lease } from "../lease/lease.ts";
import type { Context } from "../fleet/context.ts";

/**
 * The store's return is reported, but only to a node that asks it something: until then it is asked
 * this often,
 */
const firstRetryMs = 250;
/** and, the longer it has been away, the more seldom: after a fortieth of that time, */
const retryPart = 40;
/** up to this. */
const retryMaxMs = 10_000;

interface Pending {
  readonly store: () => Promise<void>;
  /** Held on, so that nobody takes the open request for a lost one and sends another. */
  readonly lease: Lease;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class PendingCommit {
  readonly #context: Pick<Context, "clock" | "parameters" | "random">;
  #pending: Pending | undefined;
  #running: { readonly pending: Pending; readonly done: Promise<void> } | undefined;
  #cancel: (() => void) | undefined;

  constructor(context: Pick<Context, "clock" | "parameters" | "random">) {
    this.#context = context;
  }

  /**
   * Calls `store` until it succeeds or `forMs` have passed: at once when the store returns, and by
   * itself now and then, because what cannot be written or read today may be mended. The newest
   * call replaces an earlier one. Meanwhile the lease is kept, no longer than the request may be
   * under way, and released here.
   */
  keep(forMs: number, lease: Lease, store: () => Promise<void>): void {
    const sinceMs = this.#context.clock.monotonicMs();
    if (this.#pending?.lease !== lease) this.#end();
    this.#pending = { store, lease, sinceMs, untilMs: sinceMs + forMs };
    this.#arm();
  }

  /** Whether the lease is kept for what waits here. */
  keeps(lease: Lease): boolean {
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

  /** The store is back: offers it now, without waiting for the answer. */
  hurry(): void {
    if (this.#pending !== undefined && this.#running === undefined) void this.#retry(this.#pending);
  }

  /** One last try, and no more. */
  async close(): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#cancel?.();
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

  #arm(): void {
    const { clock, random } = this.#context;
    const pending = this.#pending;
    if (pending === undefined) return;
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
      // From here on nobody needs to wait for this request any more, and others may be able to
      // write.
      if (nowMs >= pending.sinceMs + parameters.drainMs) void pending.lease.release();
      this.#arm();
    }
  }
}
