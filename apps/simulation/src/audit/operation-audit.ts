/**
 * Watches the operations of the fleet, from the intent to the report: two that overlap leave a
 * doubt, because nobody knows their order.
 */
import type { Primary } from "../store/primary.ts";
import type { Process } from "../world/process.ts";
import type { Fetch } from "../platform/wechat.ts";

interface Operation {
  readonly id: string;
  readonly process: Process;
  /**
   * Where its intent was written: one that a demoted primary took is seen by nobody who writes to
   * its successor.
   */
  readonly primary: Primary;
  readonly openedAtMs: number;
  fetch: Fetch | undefined;
  reportedAtMs: number | undefined;
}

/**
 * A request is processed within this time of its intent, or is later than the protocol reckons
 * with; less what clocks may differ by.
 */
const drainMs = 15_000 - 500;
const rememberedMax = 12;

export class OperationAudit {
  #operations: Operation[] = [];

  /** A process wrote an intent. */
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
   * The request that the newest intent of its process announced; false when there is none that was
   * not used.
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

  /** A process wrote something else than an intent: what became of its request, if it had one. */
  reported(process: Process, atMs: number): void {
    const operation = this.#newest(process);
    if (operation?.fetch !== undefined) operation.reportedAtMs ??= atMs;
  }

  /**
   * The request whose order against this operation's nobody can know, though all intents since
   * `keptSinceMs` were there to be seen.
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

  /** Whether the intent of this request was written, but not there. */
  isAnnouncedElsewhere(primary: Primary, fetch: Fetch): boolean {
    return this.#operations.some(
      (operation) => operation.fetch === fetch && operation.primary !== primary,
    );
  }

  #newest(process: Process): Operation | undefined {
    return this.#operations.findLast((operation) => operation.process === process);
  }
}
