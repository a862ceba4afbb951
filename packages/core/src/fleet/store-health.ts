/**
 * Knows whether the store does all that this process needs. A store that answers reads and refuses
 * writes is as unavailable as one that is gone, so every failed operation counts. Reports when the
 * outage begins, and when it ends.
 */
import type { CacheUnavailableError } from "../errors.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { Clock } from "../time/time.ts";

/** `get`, `set`: the document; `acquire`: the lease; the others: the registry of claims. */
export type StoreOperation = "get" | "set" | "acquire" | "claims-get" | "claims-set";

export interface StoreHealthListener {
  /** Called when the store does everything again, before its answer is used. */
  onStoreRecovered(): void;
  /** Tries the lease again after it failed. */
  tryLease(): Promise<unknown>;
}

const none: readonly StoreOperation[] = Object.freeze([]);

export class StoreHealth {
  readonly #clock: Clock;
  readonly #bus: EventBus;
  #failing: readonly StoreOperation[] = none;
  #downSinceMs = 0;
  /** Undefined before the first outage has ended. */
  #recoveredMs: number | undefined;
  #hasWorked: true | undefined;
  /** False for a consumer, which needs no right to write. */
  needsWrites = true;
  #listener: StoreHealthListener | undefined;

  constructor(clock: Clock, bus: EventBus) {
    this.#clock = clock;
    this.#bus = bus;
  }

  get isReachable(): boolean {
    return this.#failing.length === 0;
  }

  /** The same for people and monitors. Undefined before the first store command. */
  get seen(): boolean | undefined {
    return this.isReachable ? this.#hasWorked : false;
  }

  /**
   * True while reads work and a write failed. Only another write can show that writes work again.
   */
  get refusesWrites(): boolean {
    return (
      !this.#failing.includes("get") &&
      (this.#failing.includes("set") || this.#failing.includes("acquire"))
    );
  }

  /**
   * True while a reading, and the writes that {@link StoreHealth.prove} repeats, would show that the
   * store is back.
   */
  get isProvable(): boolean {
    return this.#failing.some((operation) => !operation.startsWith("claims-"));
  }

  /**
   * Repeats the failed operations that a reading cannot prove: the lease, and a write by `write`.
   */
  async prove(write: () => Promise<unknown>): Promise<void> {
    if (this.#failing.includes("acquire"))
      await this.watched("acquire", async () => this.#listener?.tryLease());
    if (this.#failing.includes("set")) await write();
  }

  reportTo(listener: StoreHealthListener): void {
    this.#listener = listener;
  }

  /**
   * Settles as the command does, and records whether it succeeded, and how long it took.
   *
   * @param measuredAs what the measurement calls it.
   */
  async watched<T>(
    operation: StoreOperation,
    command: () => Promise<T>,
    measuredAs: string = operation,
  ): Promise<T> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const result = await command();
      this.#bus.measure({ kind: "store", operation: measuredAs }, startedMs);
      this.#hasWorked = true;
      this.#worked(operation);
      return result;
    } catch (error) {
      const errorCode = codeOf(error);
      this.#bus.measure({ kind: "store", operation: measuredAs, errorCode }, startedMs);
      // A command of an outage that is over shows nothing about the store now.
      const isNews = startedMs >= (this.#recoveredMs ?? startedMs);
      if (isUnavailable(error) && isNews && (operation === "get" || this.needsWrites))
        this.#failed(operation, error);
      throw error;
    }
  }

  #failed(operation: StoreOperation, { reason }: CacheUnavailableError): void {
    const isFirst = this.isReachable;
    this.#failing = [...without(operation, this.#failing), operation];
    if (!isFirst) return;
    this.#downSinceMs = this.#clock.monotonicMs();
    this.#bus.emit("store-unavailable", { reason, operation });
  }

  /**
   * If reads failed too, the store was gone and is back. If reads worked all the time, they prove
   * nothing.
   */
  #worked(operation: StoreOperation): void {
    if (this.isReachable) return;
    const provesAll = operation === "get" && this.#failing.includes("get");
    this.#failing = provesAll ? none : without(operation, this.#failing);
    if (!this.isReachable) return;
    this.#recoveredMs = this.#clock.monotonicMs();
    this.#bus.emit("store-recovered", { downMs: this.#clock.monotonicMs() - this.#downSinceMs });
    this.#listener?.onStoreRecovered();
  }
}

function without(
  operation: StoreOperation,
  operations: readonly StoreOperation[],
): readonly StoreOperation[] {
  return operations.filter((other) => other !== operation);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.constructor.name;
}

/** Compares codes, not classes, because an adapter may bring its own copy of this package. */
export function isUnavailable(error: unknown): error is CacheUnavailableError {
  return error instanceof Error && "code" in error && error.code === "CACHE_UNAVAILABLE";
}
