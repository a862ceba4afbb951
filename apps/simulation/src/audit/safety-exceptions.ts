/**
 * Records when faults disturbed nodes, so that the auditor knows when a conditional safety promise
 * does not hold. The fault ledger excuses failed calls; this excuses surplus fetches and old
 * tokens.
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
  /** True when a request may be sent without an intent, because it kills no token. */
  readonly mayFetchAlone: boolean;
  /** True when nodes fetch without the store although that kills the stored token. */
  readonly fetchesAlone: boolean;
  readonly nodes: () => readonly FleetNode[];
}

/** Every node reads the store at least this often, and writes back a lost document. */
export const repairedWithinMs = 420_000;
/** The length of a lease, and a margin. */
export const leaseMs = 11_000;

export class SafetyExceptions {
  /** The times in which a second fetch of one generation may be necessary. */
  readonly disturbances: Disturbances = new Disturbances();
  /**
   * The times in which machines were suspended. Monotonic clocks do not show that. A process
   * notices it by its wall clock when its next timer fires.
   */
  readonly sleeps: Disturbances = new Disturbances();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Records a fault of this node, or of all nodes, that may make a second fetch of a generation
   * necessary.
   */
  disturbed(who: string | undefined, forMs = 0): void {
    this.disturbances.add(who, this.#world.nowMs, this.#world.nowMs + forMs);
  }
}

/** Returns true when a foreign fetch killed this token and no process has reported that yet. */
export function isKilledUnnoticed(
  { nodes, wechat }: Pick<AuditContext, "nodes" | "wechat">,
  token: string,
): boolean {
  const issuedAtMs = wechat.fetches.find((fetch) => fetch.token === token)?.processedAtMs;
  const isKilled = issuedAtMs !== undefined && wechat.lastForeignAtMs >= issuedAtMs;
  return isKilled && !nodes().some(({ life }) => life?.rejected.has(token) === true);
}
