/** The types of one refresh: its leader, its attempts, its results. */
import type { IssuedSecrets } from "./issuer-call.ts";
import type { Lease } from "../lease/lease.ts";
import type { Secret } from "../secret.ts";
import { isDead, type Intent, type State } from "../state/state.ts";
import type { Claim } from "../fleet/claim-registry.ts";
import type { Ownership } from "../fleet/ownership.ts";
import type { FleetDocument, Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Probe } from "./probe.ts";

/** The part of a lease that a leader uses. */
export interface LeaderLease extends Pick<Lease, "fence" | "isHeld" | "lost" | "signal"> {
  release(): Promise<unknown>;
}

/** A refresh under a lease. */
export interface LeaseContext {
  readonly goal: Goal;
  readonly lease: LeaderLease;
  readonly document: FleetDocument;
  readonly parent: Secret | undefined;
  readonly claims: Pick<Ownership, "claim" | "readOthers" | "otherClaimant" | "sinceMs">;
  readonly probe: Probe;
  /**
   * True when the store cannot be reached: the fleet's recent acts are unknown, and nothing can be
   * reported to it.
   */
  readonly isWithoutStore?: true;
  /** Ends waits before the send. Does not abort the send itself. */
  readonly closing: AbortSignal;
  readonly startedMs: number;
}

/** A request that may be sent, or was sent. */
export interface Attempt {
  /** The goal, resolved against the document. */
  readonly resolvedGoal: Goal;
  readonly leaseContext: LeaseContext;
  readonly forced: boolean;
  /** `rotate` only: what the request sends. */
  readonly input: Secret | undefined;
  /** True when this attempt asks which input works, and issues nothing. */
  readonly recovers: boolean;
  readonly operationId: string;
  /** The outcome id that the intent wrote. */
  readonly outcomeId: string;
  readonly intent: Intent;
  /** The document as the intent left it. */
  readonly snapshot: Snapshot & { readonly state: State };
}

/** `rotate` only: where the input of the next request comes from. */
export type InputSource =
  | { readonly from: "store" }
  | { readonly from: "platform"; readonly input: Secret }
  | { readonly from: "nowhere" };

/**
 * `must`: the request forces the platform to issue another credential. `may`: the document decides.
 */
export type Forcing = "must" | "may" | "never";

/** How the leader makes its next request, given the results of the earlier ones. */
export interface AttemptPlan {
  readonly forcing: Forcing;
  readonly source: InputSource;
}

/** This process holds what the goal asks for. */
export interface Served {
  readonly kind: "served";
}

/** Nothing was sent. */
export type NotSent =
  | { readonly kind: "closed"; readonly gate: Gate }
  /** Another environment owns the credential, and this one must consume it. */
  | { readonly kind: "claimed"; readonly by: Claim };

/** Why nothing may be sent now, and until when, in store time. */
export interface Gate {
  readonly why: "drain" | "open" | "back-off" | "refused" | "governor" | "forced";
  readonly untilMs: number;
}

export interface Answer {
  readonly attempt: Attempt;
  readonly issued: IssuedSecrets;
  readonly receivedAtMs: number;
}

/**
 * Resolves the goal against the stored credential. One that this process must not hand out has to
 * be replaced, whatever the goal was.
 */
export function resolveGoal(
  goal: Goal,
  state: State | undefined,
  { adoption, local }: FleetNode,
): Goal {
  if (state?.credential === undefined) return goal;
  const stored = state.credential;
  if (goal.refused === stored.fingerprint) return isDead(state) ? { ...goal, isDead: true } : goal;
  if (adoption.isPastDeadline(stored))
    return {
      reason: goal.reason === "cold" || goal.reason === "rejected" ? "expired" : goal.reason,
      replaces: stored.commitId,
    };
  const isRefused = local.wasRefused(stored.fingerprint) || isDead(state);
  const isBarred = isRefused || (adoption.isOutdated(stored) && !local.isUsable);
  return isBarred ? { reason: "rejected", refused: stored.fingerprint, isDead: isRefused } : goal;
}
