/**
 * Follows each operation from its intent to its outcome. Two that overlap must leave a doubt,
 * because their order is unknown.
 */
import type { Primary } from "../store/primary.ts";
import type { Process } from "../world/process.ts";
import type { Fetch } from "../platform/wechat.ts";

interface Operation {
  readonly id: string;
  readonly process: Process;
  /**
   * The primary to which its intent was written. A node that writes to another primary does not see
   * the intent.
   */
  readonly primary: Primary;
  readonly openedAtMs: number;
  fetch: Fetch | undefined;
  reportedAtMs: number | undefined;
}

/**
 * A request is processed within this time of its intent. The subtracted part allows for different
 * clocks.
 */
const drainMs = 15_000 - 500;
const rememberedMax = 12;

export class OperationAudit {
  #operations: Operation[] = [];

  /** Records an intent that a process wrote. */
  opened(id: string, process: Process, primary: Primary, openedAtMs: number): void {
    this.#operations.push({
      id,
      process,
      primary,
      openedAtMs,
      fetch: undefined,
      reportedAtMs: undefined,
    });
    if (this.#operations.length > rememberedMax) this.#operations.shift();
  }

  /**
   * Ties this request to the newest unused intent of its process. Returns false if there is none.
   */
  sent(fetch: Fetch): boolean {
    const operation = this.#newest(fetch.process);
    if (
      operation === undefined ||
      operation.fetch !== undefined ||
      operation.reportedAtMs !== undefined
    )
      return false;
    operation.fetch = fetch;
    return true;
  }

  /**
   * Records that a process wrote something other than an intent, such as the outcome of its
   * request.
   */
  reported(process: Process, atMs: number): void {
    const operation = this.#newest(process);
    if (operation?.fetch !== undefined) operation.reportedAtMs ??= atMs;
  }

  /**
   * Returns a request whose order relative to this operation is unknown, of those whose intents the
   * store has kept since `keptSinceMs`.
   */
  overlapping(id: string, keptSinceMs: number): Fetch | undefined {
    const own = this.#operations.find((operation) => operation.id === id);
    if (own === undefined || own.openedAtMs <= keptSinceMs) return undefined;
    return this.#operations.find((other) => {
      const isIssue =
        other.fetch?.token !== undefined &&
        (other.fetch.processedAtMs ?? 0) < other.openedAtMs + drainMs;
      if (
        other === own ||
        !isIssue ||
        other.openedAtMs <= keptSinceMs ||
        other.primary !== own.primary
      )
        return false;
      return (
        Math.min(other.reportedAtMs ?? Number.POSITIVE_INFINITY, other.openedAtMs + drainMs) >
        own.openedAtMs
      );
    })?.fetch;
  }

  /** Returns whether the intent of this request was written to another primary. */
  hasIntentElsewhere(primary: Primary, fetch: Fetch): boolean {
    return this.#operations.some(
      (operation) => operation.fetch === fetch && operation.primary !== primary,
    );
  }

  #newest(process: Process): Operation | undefined {
    return this.#operations.findLast((operation) => operation.process === process);
  }
}
