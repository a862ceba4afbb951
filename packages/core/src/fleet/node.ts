/** One process as a member of the fleet: what it knows of one credential, and with what it works. */
import type { Adoption } from "./adoption.ts";
import type { Context } from "./context.ts";
import type { LocalCopy } from "./local-copy.ts";
import type { StoreClock } from "./store-clock.ts";
import type { Takeover } from "./takeover.ts";

/** What one process has of one credential. */
export interface FleetNode {
  readonly context: Context;
  readonly storeClock: StoreClock;
  readonly local: LocalCopy;
  readonly adoption: Adoption;
  readonly takeover: Takeover;
}
