/**
 * Judges every business call by what its caller saw. A call may fail or wait only while an injected
 * fault excuses its node. No more calls may be excused than faults have hit.
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
 * and the change message, which is replaced by a read after 2.5 s at the latest.
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
   * @param heardAfterMs how long a call may wait longer, because nothing reports it to the owners.
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

  /** A call succeeded. */
  answered(node: string): void {
    this.#ended(node);
  }

  /** A call failed. `why` is reported if no fault excuses it. */
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

  /** A caller has waited from `fromMs` until now. */
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
   * Checks the auditor itself: on no node does it excuse more calls than injected faults have hit.
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
