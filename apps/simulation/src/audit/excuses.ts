/**
 * Records which fault hit which node, so that the auditor knows whether a conditional safety
 * promise applied. The fault ledger records what excuses a failed call.
 */
import { Disturbances } from "./disturbances.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Metrics } from "./metrics.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface AuditContext {
  readonly world: World;
  readonly wechat: Wechat;
  readonly metrics: Metrics;
  /** Whether a request may leave without an intent, because it harms nobody. */
  readonly mayFetchAlone: boolean;
  /** Whether nodes fetch without the store although that kills the token that the store has. */
  readonly fetchesAlone: boolean;
  readonly nodes: () => readonly FleetNode[];
}

/** Every node reads the store at least this often, and writes back a lost document. */
export const repairedWithinMs = 420_000;
/** The length of a lease, and a margin. */
export const leaseMs = 11_000;

export class Excuses {
  /** The times in which a second fetch of one generation may be necessary. */
  readonly disturbances: Disturbances = new Disturbances();
  /**
   * The times in which machines were suspended. Their monotonic clocks do not show it; a process
   * notices by its wall clock when its next timer fires.
   */
  readonly sleeps: Disturbances = new Disturbances();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * A fault hit this node, or all, and may make a second fetch of a generation necessary.
   */
  disturbed(who: string | undefined, forMs = 0): void {
    this.disturbances.add(who, this.#world.nowMs, this.#world.nowMs + forMs);
  }
}

/** Returns whether an injected kill hit this token, and no process has reported that yet. */
export function isKilledUnnoticed(
  { nodes, wechat }: Pick<AuditContext, "nodes" | "wechat">,
  token: string,
): boolean {
  const issuedAtMs = wechat.fetches.find((fetch) => fetch.token === token)?.processedAtMs;
  const isKilled = issuedAtMs !== undefined && wechat.lastForeignAtMs >= issuedAtMs;
  return isKilled && !nodes().some(({ life }) => life?.rejected.has(token) === true);
}
