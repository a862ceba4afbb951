/**
 * A held lease: extended in the background, lost as soon as it cannot be relied on, released once.
 */
import { hasCode, LockLostError, type LockLossReason } from "../errors.ts";
import type { Lease } from "./lease.ts";
import type { Acquisition } from "./lease-request.ts";
import { lossOf, momentOf, remainingMsOf, termOf, type Term } from "./lease-term.ts";
import type { Granted } from "../lock/lock.ts";
import { start, storeDeadline, waitFor } from "../time/wait.ts";
import type { CancelTimer } from "../time/time.ts";

export class HeldLease implements Lease {
  readonly acquired = true;
  readonly name: string;
  readonly fence: number;
  readonly storeNowMs: number;
  readonly signal: AbortSignal;
  readonly #acquisition: Acquisition;
  readonly #controller: AbortController;
  #state: "held" | "lost" | "released" = "held";
  #lost: LockLossReason | undefined;
  #term: Term;
  /** When the next extension is due, in monotonic ms. Infinity while one is in flight. */
  #extendAtMs: number;
  #cancelTimer: CancelTimer | undefined;
  #releasing: Promise<boolean> | undefined;

  constructor(acquisition: Acquisition, granted: Granted, term: Term) {
    this.name = acquisition.name;
    this.fence = granted.fence;
    this.storeNowMs = granted.storeNowMs;
    this.#acquisition = acquisition;
    this.#term = term;
    this.#extendAtMs = term.sentAt.monotonicMs + acquisition.ttlMs / 3;
    this.#controller = checkedController(() => this.isHeld());
    this.signal = this.#controller.signal;
    this.#arm();
  }

  get lost(): LockLossReason | undefined {
    this.isHeld();
    return this.#lost;
  }

  isHeld(): boolean {
    if (this.#state !== "held") return false;
    const loss = lossOf(this.#term, momentOf(this.#acquisition.clock));
    if (loss === undefined) return true;
    this.#lose(loss);
    return false;
  }

  release(): Promise<boolean> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #release(): Promise<boolean> {
    const { lock, name, owner, onEnd } = this.#acquisition;
    if (!this.isHeld()) {
      // It may still stand in the store, for the length of the margin. Nobody waits for this
      // release, and it can only end this owner's lease.
      if (this.#lost !== "refused") start(() => lock.release(name, owner)).catch(() => {});
      return false;
    }
    this.#state = "released";
    this.#cancelTimer?.();
    try {
      const released = await this.#within(() => lock.release(name, owner));
      if (!released) this.#lose("refused");
      return released;
    } catch {
      return false;
    } finally {
      onEnd();
    }
  }

  /** One timer serves both: the next extension, and the end of the term. */
  #arm(): void {
    const { clock } = this.#acquisition;
    const now = momentOf(clock);
    const dueMs = Math.min(this.#extendAtMs - now.monotonicMs, remainingMsOf(this.#term, now));
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(dueMs, () => this.#tick(), { background: true });
  }

  #tick(): void {
    if (!this.isHeld()) return;
    if (this.#acquisition.clock.monotonicMs() >= this.#extendAtMs) void this.#extend();
    this.#arm();
  }

  async #extend(): Promise<void> {
    const { lock, name, owner, ttlMs, clock, random } = this.#acquisition;
    const sentAt = momentOf(clock);
    this.#extendAtMs = Number.POSITIVE_INFINITY;
    try {
      const extended = await this.#within(() => lock.extend(name, owner, ttlMs));
      // An extension that comes too late is a loss even if the store confirms it: the term had
      // ended while the work went on.
      if (!this.isHeld()) return;
      if (!extended) return this.#lose("refused");
      this.#term = termOf(sentAt, ttlMs);
      this.#extendAtMs = sentAt.monotonicMs + ttlMs / 3;
    } catch (error) {
      if (!this.isHeld()) return;
      if (hasCode(error, "CLOSED")) return this.#lose("refused");
      this.#extendAtMs = clock.monotonicMs() + (ttlMs / 10) * (0.5 + random.next() / 2);
    }
    this.#arm();
  }

  /** Runs a command of the store, at most until the end of the term. */
  async #within<T>(command: () => Promise<T>): Promise<T> {
    const { clock, storeDeadlineMs } = this.#acquisition;
    const limitMs = Math.min(storeDeadlineMs, remainingMsOf(this.#term, momentOf(clock)));
    const background = this.#state === "held";
    return waitFor(command(), { deadline: storeDeadline(clock, limitMs, { background }) });
  }

  #lose(reason: LockLossReason): void {
    this.#state = "lost";
    this.#lost = reason;
    this.#cancelTimer?.();
    this.#controller.abort(new LockLostError(this.name, reason));
    this.#acquisition.onEnd();
  }
}

/**
 * A controller whose signal calls `check` before it tells whether it is aborted, so that code which
 * resumes after a blocked event loop or a suspend sees the loss before any timer fires. `check` may
 * abort the controller.
 */
function checkedController(check: () => void): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  const read = (property: "aborted" | "reason"): unknown => {
    check();
    return Reflect.get(AbortSignal.prototype, property, signal);
  };
  Object.defineProperties(signal, {
    aborted: { get: () => read("aborted") },
    reason: { get: () => read("reason") },
    throwIfAborted: {
      value: () => {
        if (read("aborted") === true) throw read("reason");
      },
    },
  });
  return controller;
}
