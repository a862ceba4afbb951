/**
 * Judges every business call by its result. A call may fail or wait only while an injected fault
 * excuses its node. The audit must not excuse more calls than faults have hit.
 */
import type { Finding } from "./document-audit.ts";
import type { FaultLedger, InjectedFault } from "./fault-ledger.ts";

/**
 * Returns the injected fault that excuses a node at an instant. A mutant of the auditor replaces
 * it.
 */
export type Excuse = (node: string, atMs: number) => Pick<InjectedFault, "name"> | undefined;

/**
 * A call that no fault delays ends within this time: a refused attempt, a probe, one token request,
 * and the change message. If that is lost, a read replaces it after 2.5 s at the latest.
 */
export const promptMs = 3_000;

/** Where the store reports no changes, an owner reads this often for its consumers. */
export const ownerReadsEveryMs = 10_000;

interface Count {
  calls: number;
  /** Calls that ended, well or badly, while a fault excused their node. */
  hit: number;
  /** Calls that failed while a fault excused their node. */
  excused: number;
}

export class AvailabilityAudit {
  readonly #faults: FaultLedger;
  readonly #nowMs: () => number;
  readonly #excuse: Excuse;
  readonly #heardAfterMs: (node: string) => number;
  readonly #counts = new Map<string, Count>();
  failed = 0;
  /** The longest wait of a call while no fault excused it, in ms. */
  slowestMs = 0;

  /**
   * @param heardAfterMs how much longer a call may wait if no message reports it to the owners.
   */
  constructor(
    faults: FaultLedger,
    nowMs: () => number,
    excuse: Excuse = (node, atMs) => faults.excuse(node, atMs),
    heardAfterMs: (node: string) => number = () => 0,
  ) {
    this.#faults = faults;
    this.#nowMs = nowMs;
    this.#excuse = excuse;
    this.#heardAfterMs = heardAfterMs;
  }

  /** Counts a call that succeeded. */
  answered(node: string): void {
    this.#ended(node);
  }

  /** Counts a call that failed. Without an excuse it is a violation, with `why` in its text. */
  failedCall(node: string, why: string): Finding | undefined {
    const count = this.#ended(node);
    if (this.#excuse(node, this.#nowMs()) !== undefined) {
      count.excused += 1;
      return undefined;
    }
    this.failed += 1;
    return {
      promise: "5",
      what: `a call of ${node} failed, and no injected fault excuses it: ${why}`,
    };
  }

  /** Judges a caller's wait from `fromMs` until now. */
  waited(node: string, fromMs: number): Finding | undefined {
    const toMs = this.#nowMs();
    const inTimeMs = promptMs + this.#heardAfterMs(node);
    if (toMs - fromMs <= inTimeMs) return undefined;
    const ms = this.#faults.uncoveredMs(node, fromMs, toMs);
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (ms <= inTimeMs) return undefined;
    const [waited, unexcused] = [seconds(toMs - fromMs), seconds(ms)];
    return {
      promise: "5 (waiting)",
      what: `a call of ${node} waited ${waited}, ${unexcused} of them while no injected fault was in force`,
    };
  }

  get calls(): number {
    return this.#sum("calls");
  }

  get hit(): number {
    return this.#sum("hit");
  }

  get excused(): number {
    return this.#sum("excused");
  }

  /**
   * Checks the auditor itself: it must not excuse more calls of a node than injected faults have
   * hit.
   */
  summary(): readonly Finding[] {
    return [...this.#counts]
      .filter(([, { excused, hit }]) => excused > hit)
      .map(([node, { excused, hit }]) => ({
        promise: "honest",
        what: `${excused} failed calls of ${node} were excused, and injected faults hit only ${hit}`,
      }));
  }

  #ended(node: string): Count {
    let count = this.#counts.get(node);
    if (count === undefined) {
      count = { calls: 0, hit: 0, excused: 0 };
      this.#counts.set(node, count);
    }
    count.calls += 1;
    if (this.#faults.isHit(node)) count.hit += 1;
    return count;
  }

  #sum(what: keyof Count): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count[what], 0);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
