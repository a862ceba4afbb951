/** Requires that no node sends commands to the store in a tight loop, however fast they fail. */
import type { Auditor } from "../audit/auditor.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";

const windowMs = 10_000;
const commandsMax = 500;

export class CommandRate {
  readonly #nowMs: () => number;
  readonly #auditor: Auditor;
  readonly #windows = new Map<FleetNode, { readonly fromMs: number; readonly count: number }>();

  constructor(nowMs: () => number, auditor: Auditor) {
    this.#nowMs = nowMs;
    this.#auditor = auditor;
  }

  /** Counts one command of this node. */
  sent(node: FleetNode): void {
    const nowMs = this.#nowMs();
    const { fromMs, count } = this.#windows.get(node) ?? { fromMs: nowMs, count: 0 };
    const isOver = nowMs - fromMs > windowMs;
    const next = isOver ? { fromMs: nowMs, count: 1 } : { fromMs, count: count + 1 };
    this.#windows.set(node, next);
    if (next.count === commandsMax)
      this.#auditor.violated(
        "B5",
        `${node.name} sent ${commandsMax} commands to the store within ${windowMs / 1000} s`,
      );
  }
}
