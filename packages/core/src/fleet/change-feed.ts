/**
 * The change feed: reads the document again after a change message, once for many messages, and
 * then wakes the waiters.
 */
import type { Cache, WatchListener } from "../cache/cache.ts";
import type { Unsubscribe } from "../driver/subscriptions.ts";
import type { CancelTimer, Clock } from "../time/time.ts";
import { waitFor } from "../time/wait.ts";

/** The shortest time between two reads, however many messages arrive. */
const gapMs = 200;
/** This many reads may come at once, because an intent and its commit follow closely. */
const burst = 3;
/**
 * A failed reading is repeated after this time, and later each time, because the message does not
 * come twice.
 */
const retryMs = 1_000;
const retryMaxMs = 60_000;

export interface ChangeReader {
  read(): Promise<unknown>;
  /**
   * Draws the delay of a reading that nobody waits for, in ms, so that a large fleet does not read
   * all at once.
   */
  drawDelayMs(): number;
}

export class ChangeFeed {
  readonly #clock: Clock;
  readonly #reader: ChangeReader;
  /** Undefined while nobody waits. */
  #waiters: Set<() => void> | undefined;
  /** The subscription that is being opened, and the one that stands. */
  #opening: Promise<Unsubscribe | undefined> | undefined;
  #standing: Unsubscribe | undefined;
  /** One that seemed dead: the next one is requested in its place. */
  #dead: Unsubscribe | undefined;
  /** When the rate limit is full again. Each reading moves it on by one gap. */
  #wholeAtMs: number | undefined;
  #cancel: CancelTimer | undefined;
  #cancelRetry: CancelTimer | undefined;
  /** Readings in a row that failed. */
  #failures = 0;
  #lastReceivedMs: number | undefined;
  #isClosed = false;
  #isPaused = false;

  constructor(clock: Clock, reader: ChangeReader) {
    this.#clock = clock;
    this.#reader = reader;
  }

  /** True while a subscription stands. Messages may be lost all the same. */
  get isSubscribed(): boolean {
    return this.#standing !== undefined;
  }

  /** Returns true when a message came at this instant of the monotonic clock or later. */
  hasReceivedSince(ms: number): boolean {
    return this.#lastReceivedMs !== undefined && this.#lastReceivedMs >= ms;
  }

  /**
   * Subscribes, once. Resolves to true when the subscription stands, and to false when there is
   * none within `deadlineMs`.
   */
  async subscribe(cache: Pick<Cache, "watch">, key: string, deadlineMs: number): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.isSubscribed) return true;
    const unsubscribe = await waitFor(this.#opening ?? this.#open(cache, key), {
      deadline: { clock: this.#clock, ms: deadlineMs, onLate: () => undefined, timer: {} },
    });
    return unsubscribe !== undefined;
  }

  /**
   * Resolves to true at the next change, after the document has been read, or to false after `ms`.
   */
  next(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiters = (this.#waiters ??= new Set());
      const end = (isNews: boolean): void => {
        cancel();
        waiters.delete(wake);
        if (waiters.size === 0) this.#waiters = undefined;
        resolve(isNews);
      };
      const wake = (): void => end(true);
      const cancel = this.#clock.setTimer(ms, () => end(false));
      waiters.add(wake);
    });
  }

  /** Wakes all waiters, without reading. */
  wake(): void {
    for (const wake of [...(this.#waiters ?? [])]) wake();
  }

  /**
   * Ignores messages while this process writes the document itself: they would only report its own
   * writes.
   */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /**
   * Drops a subscription that missed a change. {@link ChangeFeed.subscribe} then requests another
   * one.
   */
  dropStale(): void {
    this.#dead = this.#standing;
    this.unsubscribe();
  }

  /** Unsubscribes; {@link ChangeFeed.subscribe} subscribes again. */
  unsubscribe(): void {
    const subscribed = this.#opening ?? Promise.resolve(this.#standing);
    this.#opening = undefined;
    this.#standing = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelRetry?.();
    // It is not awaited, because a store that does not answer would never end it.
    void subscribed.then((unsubscribe) => unsubscribe?.()).catch(() => {});
  }

  close(): void {
    this.#isClosed = true;
    this.wake();
    this.unsubscribe();
  }

  #open(cache: Pick<Cache, "watch">, key: string): Promise<Unsubscribe | undefined> {
    const opening = this.#watch(cache, key);
    this.#opening = opening;
    void opening.then((unsubscribe) => {
      // It was closed or unsubscribed meanwhile, so this subscription ends.
      if (this.#opening !== opening) return;
      this.#opening = undefined;
      this.#standing = unsubscribe;
    });
    return opening;
  }

  /** Resolves to undefined when the store does not report changes, or not now. */
  async #watch(cache: Pick<Cache, "watch">, key: string): Promise<Unsubscribe | undefined> {
    const instead = this.#dead;
    this.#dead = undefined;
    // Bound, not an arrow function, which would hold a context of its own.
    const heard: WatchListener = this.#onMessage.bind(this, key);
    try {
      return await cache.watch?.(heard, { key, ...(instead && { instead }) });
    } catch {
      // The periodic reading goes on without messages. The next call tries to subscribe again.
      return undefined;
    }
  }

  #onMessage(key: string, changed: string | undefined): void {
    if (changed !== undefined && changed !== key) return;
    this.#lastReceivedMs = this.#clock.monotonicMs();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isClosed || this.#isPaused || this.#cancel !== undefined) return;
    const delayMs = this.#waiters === undefined ? this.#reader.drawDelayMs() : 0;
    const waitMs = Math.max(
      delayMs,
      (this.#wholeAtMs ?? Number.NEGATIVE_INFINITY) -
        (burst - 1) * gapMs -
        this.#clock.monotonicMs(),
    );
    if (waitMs <= 0) return this.#read();
    const fire = (): void => {
      this.#cancel = undefined;
      this.#read();
    };
    this.#cancel = this.#clock.setTimer(waitMs, fire, { background: true });
  }

  #read(): void {
    if (this.#isClosed) return;
    const nowMs = this.#clock.monotonicMs();
    this.#wholeAtMs = Math.max(this.#wholeAtMs ?? nowMs, nowMs) + gapMs;
    this.#cancelRetry?.();
    this.#reader.read().then(
      () => {
        this.#failures = 0;
        this.wake();
      },
      () => {
        this.wake();
        this.#retry();
      },
    );
  }

  #retry(): void {
    this.#cancelRetry?.();
    if (!this.isSubscribed || this.#isClosed) return;
    const waitMs = Math.min(retryMaxMs, retryMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#cancelRetry = this.#clock.setTimer(waitMs, () => this.#read(), { background: true });
  }
}
