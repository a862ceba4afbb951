/** The targets of faults: a running cluster, and the auditors that must know of each fault. */
import type { Auditor } from "../audit/auditor.ts";
import type { DocumentAudit } from "../audit/document-audit.ts";
import type { FaultLedger } from "../audit/fault-ledger.ts";
import type { FetchAudit } from "../audit/fetch-audit.ts";
import type { FaultRates } from "../plan/fault-rates.ts";
import type { FleetNode } from "../fleet/fleet-node.ts";
import type { Plan } from "../plan/plan.ts";
import type { Tickets } from "../platform/tickets.ts";
import type { Wechat } from "../platform/wechat.ts";
import type { Primary } from "../store/primary.ts";
import type { Chance } from "../world/chance.ts";
import type { World } from "../world/world.ts";
import type { Network } from "./network.ts";

export interface FaultTarget {
  readonly world: World;
  readonly chance: Chance;
  readonly rates: FaultRates;
  readonly network: Network;
  readonly wechat: Wechat;
  /** Undefined: no node keeps a ticket. */
  readonly tickets: Tickets | undefined;
  readonly auditor: Auditor;
  /** Records each fault that may excuse a failed call. */
  readonly faults: FaultLedger;
  readonly plan: Plan;
  readonly documents: DocumentAudit;
  readonly fetches: FetchAudit;
  readonly nodes: readonly FleetNode[];
  /** Holds the store's present primary; a failover replaces it. */
  readonly store: { primary: Primary };
  /** When an operator used a credential. */
  readonly operatedAtMs: number[];
  /** Makes the platform reject every token that it issued before. */
  revokeTokens(): "quiet";
  /** Requires that a fleet without callers stops fetching after two lifetimes. */
  requireNoFetchWhenIdle(): void;
}
