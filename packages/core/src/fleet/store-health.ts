/**
 * Whether the store does all that this process needs of it. One that answers reads and refuses
 * writes is in trouble as much as one that is gone: what counts is that an operation failed, not
 * which one. Reports when the trouble begins, and when it ends.
 */
import type { CacheUnavailableError } from "../errors.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Clock } from "../time/time.ts";

/** `get`, `set`: the document; `acquire`: the lease; the others: the registry of claims. */
export type StoreOperation = "get" | "set" | "acquire" | "claims-get" | "claims-set";

export class StoreHealth {
  readonly #clock: Clock;
  readonly #bus: EventBus;
  readonly #failing = new Set<StoreOperation>();
  #downSinceMs = 0;
  #hasWorked: true | undefined;
  /** A consumer may have been given no right to write, and needs none. */
  needsWrites = true;
  #onRecovered: () => void = () => {};

  constructor(clock: Clock, bus: EventBus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  get isReachable(): boolean {
    return this.#failing.size === 0;
  }

  /** The same for people and monitors: undefined before the store has been asked. */
  get seen(): boolean | undefined {
    return this.isReachable ? this.#hasWorked : false;
  }

  /** Whether reads work and a write does not: only another write can show that it does again. */
  get refusesWrites(): boolean {
    return !this.#failing.has("get") && (this.#failing.has("set") || this.#failing.has("acquire"));
  }

  /** Tries the lease again, where it failed. Set by who has the lock. */
  tryLease: () => Promise<unknown> = async () => undefined;

  /**
   * Does again what failed and could not be shown to work by a reading: the lease, and a write of
   * `write`.
   */
  async prove(write: () => Promise<unknown>): Promise<void> {
    if (this.#failing.has("acquire")) await this.watched("acquire", this.tryLease);
    if (this.#failing.has("set")) await write();
  }

  /**
   * @param onRecovered called when the store does everything again, before its answer is used.
   *   Replaces the one before.
   */
  listen(onRecovered: () => void): void {
    this.#onRecovered = onRecovered;
  }

  /** What the command gives or throws, noted. */
  async watched<T>(operation: StoreOperation, command: () => Promise<T>): Promise<T> {
    try {
      const result = await command();
      this.#hasWorked = true;
      this.#worked(operation);
      return result;
    } catch (error) {
      if (isUnavailable(error) && (operation === "get" || this.needsWrites))
        this.#failed(operation, error);
      throw error;
    }
  }

  #failed(operation: StoreOperation, { reason }: CacheUnavailableError): void {
    const isFirst = this.isReachable;
    this.#failing.add(operation);
    if (!isFirst) return;
    this.#downSinceMs = this.#clock.monotonicMs();
    this.#bus.emit("store-unavailable", { reason, operation });
  }

  /**
   * A store whose reads failed too was gone, and is back. Where reads worked all the time, they
   * show nothing.
   */
  #worked(operation: StoreOperation): void {
    if (this.isReachable) return;
    if (operation === "get" && this.#failing.has("get")) this.#failing.clear();
    this.#failing.delete(operation);
    if (!this.isReachable) return;
    this.#bus.emit("store-recovered", { downMs: this.#clock.monotonicMs() - this.#downSinceMs });
    this.#onRecovered();
  }
}

/** By code, because an adapter may bring its own copy of this package. */
export function isUnavailable(error: unknown): error is CacheUnavailableError {
  return error instanceof Error && "code" in error && error.code === "CACHE_UNAVAILABLE";
}
