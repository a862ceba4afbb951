/**
 * Callers that wait for the next commit of one credential. They share one listener and one timer.
 */
import type { CancelTimer, Clock, Credential } from "@lingpai/core";

/**
 * Finds changes without an event, such as the same secret with a new expiry. Reads this process's
 * memory.
 */
const lookMs = 500;

interface Waiter {
  readonly commitId: string | undefined;
  readonly end: () => void;
}

export class CommitWaiters {
  readonly #credential: Credential;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #unwatch: (() => void) | undefined;
  #cancelTimer: CancelTimer | undefined;

  constructor(credential: Credential, clock: Clock) {
    this.#credential = credential;
    this.#clock = clock;
  }

  /** Resolves when the commit has changed, after `waitMs`, or when the signal aborts. */
  changed(commitId: string, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#commitId() !== commitId) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      commitId,
      end: () => {
        cancel();
        signal.removeEventListener("abort", waiter.end);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#stop();
        resolve();
      },
    };
    const cancel = this.#clock.setTimer(waitMs, waiter.end, { background: true });
    signal.addEventListener("abort", waiter.end, { once: true });
    this.#waiters.add(waiter);
    this.#unwatch ??= this.#credential.watch(() => queueMicrotask(() => this.#look()));
    this.#arm();
    return promise;
  }

  #arm(): void {
    this.#cancelTimer ??= this.#clock.setTimer(
      lookMs,
      () => {
        this.#cancelTimer = undefined;
        this.#look();
        if (this.#waiters.size > 0) this.#arm();
      },
      { background: true },
    );
  }

  #look(): void {
    const commitId = this.#commitId();
    for (const waiter of [...this.#waiters]) if (waiter.commitId !== commitId) waiter.end();
  }

  #stop(): void {
    this.#unwatch?.();
    this.#cancelTimer?.();
    this.#unwatch = undefined;
    this.#cancelTimer = undefined;
  }

  /** Undefined while the present credential may not be sent: callers then wait for the next one. */
  #commitId(): string | undefined {
    const { state, commitId } = this.#credential.status();
    return state === "fresh" || state === "stale" ? commitId : undefined;
  }
}
