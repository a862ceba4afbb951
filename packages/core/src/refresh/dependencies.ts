/** With what a refresh is made: this node, where it reads and locks, and whom it asks. */
import type { CredentialOptions, Parent } from "../credential.ts";
import type { Source } from "../fleet/document-source.ts";
import type { Goal } from "../fleet/local.ts";
import type { Parts } from "../fleet/node.ts";
import type { Claims } from "../fleet/ownership.ts";
import type { Recorder } from "../leader/outcome.ts";
import type { Probe } from "../leader/probe.ts";
import type { Lock } from "../lock/lock.ts";
import type { Latch } from "./circuit-breaker.ts";
import type { Demand } from "./demand.ts";

export interface Means {
  readonly parts: Parts;
  readonly source: Source;
  readonly lock: Lock;
  readonly claims: Claims;
  readonly recorder: Recorder;
  readonly latch: Latch;
  readonly probe: Probe;
  /**
   * The goals for which somebody else has been told: the owners by a consumer, the parent by a
   * child. Once for each.
   */
  readonly complained: WeakSet<Goal>;
  readonly parent: Parent | undefined;
  readonly standalone: NonNullable<CredentialOptions["standalone"]>;
  readonly demand: Demand;
  readonly closing: AbortSignal;
}
