/**
 * What befell whom, where a promise of safety has conditions. What excuses a caller is in the fault
 * ledger.
 */
import { Disturbances } from "./disturbances.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Tally } from "./metrics.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { World } from "../world/world.ts";

export interface Scene {
  readonly world: World;
  readonly wechat: Wechat;
  readonly tally: Tally;
  /** Whether a request may leave without having been announced, because it harms nobody. */
  readonly mayFetchAlone: boolean;
  readonly nodes: () => readonly FleetNode[];
}

/** Every node reads the store at least this often, and writes back what it lost. */
export const repairedWithinMs = 420_000;
/** A holder's lease, and a little. */
export const leaseMs = 11_000;

export class Circumstances {
  /** What may make a second fetch of one generation necessary. */
  readonly disturbances: Disturbances = new Disturbances();
  /**
   * Machines that slept. Their monotonic clocks do not tell; the process notices by the wall clock
   * when its next timer fires.
   */
  readonly sleeps: Disturbances = new Disturbances();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Something that may make a second fetch of a generation necessary happened to this node, or to
   * all.
   */
  disturbed(who: string | undefined, forMs = 0): void {
    this.disturbances.add(who, this.#world.nowMs, this.#world.nowMs + forMs);
  }
}
