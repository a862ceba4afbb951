/**
 * Records every injected fault: its name, the node that it hit, its beginning and its end. Only
 * such a fault excuses a failed or slow call.
 */

/**
 * How long a fault of each kind may still have effects after its end, in addition to
 * {@link settledAfterMs}. The fleet's retry intervals decide it. 0: the fleet is notified, or
 * retries at once.
 */
const noticedAfterMs = {
  "store cut off": 0,
  "store out of reach": 0,
  "store refuses writes": 0,
  "store fails over": 0,
  "lease back after its release": 0,
  "store command lost": 0,
  "store message lost": 0,
  "platform cut off": 0,
  "request unanswered": 0,
  // The client waits up to a quarter longer than the platform asks.
  "request refused for a minute": 15_000,
  "platform out": 75_000,
  "account refused": 600_000,
  "address refused": 600_000,
  "secret refused": 0,
  "quota used up": 4_200_000,
  "day's quota spent": 60_000,
  "small quota's budget for refusals spent": 0,
  "token endpoint of the child refuses": 75_000,
  "killed before its first use": 0,
  "lease holder crashed": 0,
  "lease holder cut off": 0,
  "lease holder paused": 0,
  "process down": 0,
  "process paused": 0,
  "process suspended": 0,
} as const;

export type FaultName = keyof typeof noticedAfterMs;

export interface InjectedFault {
  readonly name: FaultName;
  /** A node, or a part of one such as `node-1/ticket`. Undefined: all nodes. */
  readonly node: string | undefined;
  readonly fromMs: number;
  /** It excuses calls until this instant: its end, plus the time to notice that, plus a margin. */
  readonly untilMs: number;
}

export interface Injection {
  readonly name: FaultName;
  readonly node?: string | undefined;
  readonly forMs: number;
}

/** The longest back-off of a fleet after failures, before jitter. */
const backOffMaxMs = 60_000;

/** The time after its end for which every fault still excuses calls. */
export const settledAfterMs = 2_000;

export class FaultLedger {
  readonly #nowMs: () => number;
  readonly #faults: InjectedFault[] = [];
  /**
   * Until when faults excuse each node; undefined stands for all nodes. The latest end is enough,
   * because a fault is recorded when it begins.
   */
  readonly #coveredUntilMs = new Map<string | undefined, number>();

  readonly #dependsOn: (node: string) => readonly string[];
  readonly #heardAfterMs: (node: string) => number;

  /**
   * @param dependsOn the owners on which a node depends that never fetches. It is excused if all of
   *   them are.
   * @param heardAfterMs how long after a fault these owners may take to notice the node's report.
   */
  constructor(
    nowMs: () => number,
    dependsOn: (node: string) => readonly string[] = () => [],
    heardAfterMs: (node: string) => number = () => 0,
  ) {
    this.#nowMs = nowMs;
    this.#dependsOn = dependsOn;
    this.#heardAfterMs = heardAfterMs;
  }

  /** Records a fault that begins now. */
  add({ name, node, forMs }: Injection): void {
    const fromMs = this.#nowMs();
    const untilMs = fromMs + forMs + noticedAfterMs[name] + settledAfterMs;
    this.#faults.push({ name, node, fromMs, untilMs });
    this.#coveredUntilMs.set(node, Math.max(untilMs, this.#coveredUntilMs.get(node) ?? untilMs));
  }

  /**
   * Records the back-off after a failed refresh as another fault, if a fault was in force during
   * that refresh.
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

  /** Returns whether a fault excuses this node now. */
  isHit(node: string): boolean {
    const afterMs = this.#heardAfterMs(node);
    const isCovered = (each: string | undefined): boolean => this.#isCovered(each, afterMs);
    if (isCovered(undefined) || isCovered(node) || isCovered(wholeOf(node))) return true;
    const others = this.#dependsOn(node);
    return others.length > 0 && others.every(isCovered);
  }

  /**
   * Returns the fault that excuses this node at this instant: its own, or one if every node that it
   * depends on has one.
   */
  excuse(node: string, atMs: number): InjectedFault | undefined {
    const afterMs = this.#heardAfterMs(node);
    const own = this.#own(node, atMs, afterMs);
    if (own !== undefined) return own;
    const others = this.#dependsOn(node).map((other) => this.#own(other, atMs, afterMs));
    return others.every((fault) => fault !== undefined) ? others[0] : undefined;
  }

  /** Returns whether this node does not reach the store now. */
  isCutOff(node: string): boolean {
    const nowMs = this.#nowMs();
    return this.#cutOffs(node).some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs <= untilMs);
  }

  /** Returns whether this node reached the store again within this time. */
  reachedAgain(node: string, fromMs: number, toMs: number): boolean {
    return this.#cutOffs(node)
      .map(({ untilMs }) => untilMs - settledAfterMs)
      .some((endMs) => endMs >= fromMs && endMs <= toMs);
  }

  #cutOffs(node: string): readonly InjectedFault[] {
    return this.#faults.filter(
      (fault) =>
        (fault.name === "store cut off" || fault.name === "store out of reach") &&
        concerns(fault, node),
    );
  }

  /** Returns how much of this time no fault covers, in ms. */
  uncoveredMs(node: string, fromMs: number, toMs: number): number {
    const nodes = [node, ...this.#dependsOn(node)];
    const afterMs = this.#heardAfterMs(node);
    const ends = this.#faults
      .filter((fault) => nodes.some((each) => concerns(fault, each)))
      .flatMap((fault) => [fault.fromMs, fault.untilMs + afterMs])
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

  /** Returns whether a fault of any node overlaps this time. */
  hasAny(fromMs: number, toMs: number): boolean {
    return this.#faults.some((fault) => fault.fromMs <= toMs && fault.untilMs >= fromMs);
  }

  #own(node: string, atMs: number, afterMs: number): InjectedFault | undefined {
    return this.#faults.findLast(
      (fault) => concerns(fault, node) && fault.fromMs <= atMs && atMs <= fault.untilMs + afterMs,
    );
  }

  #isCovered(node: string | undefined, afterMs: number): boolean {
    return this.#nowMs() <= (this.#coveredUntilMs.get(node) ?? Number.NEGATIVE_INFINITY) + afterMs;
  }
}

/** A fault of a node also hits its parts, such as `node-1/ticket`. */
function concerns(fault: InjectedFault, node: string): boolean {
  return fault.node === undefined || fault.node === node || fault.node === wholeOf(node);
}

function wholeOf(node: string): string {
  return node.split("/", 1)[0] ?? node;
}
