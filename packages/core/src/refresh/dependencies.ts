/** The parts that a refresh works with. */
import type { CredentialOptions, Parent } from "../credential.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Ownership } from "../fleet/ownership.ts";
import type { OutcomeWriter } from "../leader/write-outcome.ts";
import type { Probe } from "../leader/probe.ts";
import type { Lock } from "../lock/lock.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Demand } from "./demand.ts";
import type { LazyWeakSet } from "./lazy-weak-set.ts";

export interface RefreshDependencies {
  readonly node: FleetNode;
  readonly source: DocumentSource;
  readonly lock: Lock;
  readonly claims: Ownership;
  readonly outcomes: OutcomeWriter;
  readonly breaker: CircuitBreaker;
  readonly probe: Probe;
  /**
   * The goals of which the owners (by a consumer) or the parent (by a child) have been notified.
   * Once for each.
   */
  readonly reportedGoals: LazyWeakSet<Goal>;
  /** Errors that the parent threw. Their codes alone do not show whose they are. */
  readonly parentErrors: LazyWeakSet<object>;
  readonly parent: Parent | undefined;
  readonly standalone: NonNullable<CredentialOptions["standalone"]>;
  readonly demand: Demand;
  readonly closing: AbortSignal;
}
