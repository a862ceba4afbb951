/**
 * Every fault that was injected: what it is called, which nodes it hit, from when until when.
 * Nothing else may excuse a call.
 */

/**
 * For how long after its end each kind of fault may still be felt, beyond the time that every fault
 * is given: what the fleet's own pauses allow, so that an outage is not asked about all the time.
 * 0: the fleet is told, or looks, at once.
 */
const noticedAfterMs = {
  "store cut off": 0,
  "store out of reach": 0,
  "store refuses writes": 0,
  "store fails over": 0,
  "store forgot, and consumers wait for an owner's next reading": 0,
  "consumer's report waits for an owner's next reading": 0,
  "store command lost": 0,
  "store message lost": 0,
  "platform cut off": 0,
  "request unanswered": 0,
  "platform out": 75_000,
  "account refused": 600_000,
  "address refused": 600_000,
  "secret refused": 0,
  "quota used up": 4_200_000,
  "day's quota spent": 60_000,
  "ledger spent by refusals": 0,
  "token endpoint of the child refuses": 75_000,
  "killed before its first use": 0,
  "lease holder crashed": 0,
  "lease holder paused": 0,
  "process down": 0,
  "process paused": 0,
  "process suspended": 0,
} as const;

export type FaultName = keyof typeof noticedAfterMs;

export interface InjectedFault {
  readonly name: FaultName;
  /** A node, or a part of one, `node-1/ticket`; undefined: all of them. */
  readonly node: string | undefined;
  readonly fromMs: number;
  /** Until when it excuses: its end, what is needed to notice it, and a little. */
  readonly untilMs: number;
}

export interface Injection {
  readonly name: FaultName;
  readonly node?: string | undefined;
  readonly forMs: number;
}

/** The longest that a fleet leaves the platform alone after failures, before jitter. */
const backOffMaxMs = 60_000;

/** What every fault is given after its end. */
export const settledAfterMs = 2_000;

export class FaultLedger {
  readonly #nowMs: () => number;
  readonly #faults: InjectedFault[] = [];
  /**
   * Until when a fault excuses each node, and all. Faults are entered when they begin, so the
   * latest end is enough.
   */
  readonly #coveredUntilMs = new Map<string | undefined, number>();

  readonly #dependsOn: (node: string) => readonly string[];

  /** @param dependsOn for a node that fetches nothing itself: those of whom one must be able to. */
  constructor(nowMs: () => number, dependsOn: (node: string) => readonly string[] = () => []) {
    this.#nowMs = nowMs;
    this.#dependsOn = dependsOn;
  }

  /** A fault begins now. */
  add({ name, node, forMs }: Injection): void {
    const fromMs = this.#nowMs();
    const untilMs = fromMs + forMs + noticedAfterMs[name] + settledAfterMs;
    this.#faults.push({ name, node, fromMs, untilMs });
    this.#coveredUntilMs.set(node, Math.max(untilMs, this.#coveredUntilMs.get(node) ?? untilMs));
  }

  /**
   * A request of this node came to nothing, after so long: where a fault was in force meanwhile,
   * the fleet's back-off is a part of it.
   */
  addBackOff(node: string, tookMs: number, failures: number): void {
    const nowMs = this.#nowMs();
    const isInjected = this.#faults.some(
      (fault) => concerns(fault, node) && fault.fromMs <= nowMs && fault.untilMs >= nowMs - tookMs,
    );
    if (isInjected)
      this.add({
        name: "request unanswered",
        forMs: 1.25 * Math.min(backOffMaxMs, 1_000 * 2 ** Math.max(0, failures - 1)),
      });
  }

  /** Whether a fault excuses this node now. */
  isHit(node: string): boolean {
    if (this.#isCovered(undefined) || this.#isCovered(node) || this.#isCovered(wholeOf(node)))
      return true;
    const others = this.#dependsOn(node);
    return others.length > 0 && others.every((other) => this.#isCovered(other));
  }

  /**
   * The fault that excuses what this node does at this instant: its own, or one of all those on
   * whom it depends.
   */
  excuse(node: string, atMs: number): InjectedFault | undefined {
    const own = this.#own(node, atMs);
    if (own !== undefined) return own;
    const others = this.#dependsOn(node).map((other) => this.#own(other, atMs));
    return others.every((fault) => fault !== undefined) ? others[0] : undefined;
  }

  /** How much of this time no fault covers, in ms. */
  uncoveredMs(node: string, fromMs: number, toMs: number): number {
    const nodes = [node, ...this.#dependsOn(node)];
    const ends = this.#faults
      .filter((fault) => nodes.some((each) => concerns(fault, each)))
      .flatMap((fault) => [fault.fromMs, fault.untilMs])
      .filter((atMs) => atMs > fromMs && atMs < toMs)
      .toSorted((one, other) => one - other);
    let uncoveredMs = 0;
    let reachedMs = fromMs;
    for (const endMs of [...ends, toMs]) {
      if (this.excuse(node, (reachedMs + endMs) / 2) === undefined)
        uncoveredMs += endMs - reachedMs;
      reachedMs = endMs;
    }
    return uncoveredMs;
  }

  /** Whether any fault touches this time, whomever it hit. */
  hasAny(fromMs: number, toMs: number): boolean {
    return this.#faults.some((fault) => fault.fromMs <= toMs && fault.untilMs >= fromMs);
  }

  #own(node: string, atMs: number): InjectedFault | undefined {
    return this.#faults.findLast(
      (fault) => concerns(fault, node) && fault.fromMs <= atMs && atMs <= fault.untilMs,
    );
  }

  #isCovered(node: string | undefined): boolean {
    return this.#nowMs() <= (this.#coveredUntilMs.get(node) ?? Number.NEGATIVE_INFINITY);
  }
}

/** A part of a node, `node-1/ticket`, is hit by what hits the node. */
function concerns(fault: InjectedFault, node: string): boolean {
  return fault.node === undefined || fault.node === node || fault.node === wholeOf(node);
}

function wholeOf(node: string): string {
  return node.split("/", 1)[0] ?? node;
}
