/** One process as a member of the fleet, for one credential. */
import type { Adoption } from "./adoption.ts";
import type { Context } from "./context.ts";
import type { LocalCopy } from "./local-copy.ts";
import type { StoreClock } from "./store-clock.ts";
import type { LostRequestDetector } from "./lost-request.ts";

/** The parts that every step of a refresh needs. */
export interface FleetNode {
  readonly context: Context;
  readonly storeClock: StoreClock;
  readonly local: LocalCopy;
  readonly adoption: Adoption;
  readonly lostRequests: LostRequestDetector;
}
