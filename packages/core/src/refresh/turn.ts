/** One turn of a refresh: its result, or the reason why it waits. */
import type { Claim } from "../fleet/claim-registry.ts";
import type { DocumentSource } from "../fleet/document-source.ts";
import type { FleetNode } from "../fleet/node.ts";
import type { Gate, NotSent, Served } from "../leader/attempt.ts";
import type { BlockReason } from "../leader/block-reason.ts";
import type { RefreshDependencies } from "./dependencies.ts";

/** `served`, or the reason why the goal is not served. */
export type Turn = Served | BlockReason;

export const served: Served = { kind: "served" };

/** Turns a leader's answer into the reason that its callers wait for. */
export function turnOf({ node, source }: RefreshDependencies, result: NotSent): BlockReason {
  return result.kind === "claimed" ? yieldTo(source, result.by) : blockAt(node, result.gate);
}

/** Makes this environment consume another one's credential from now on. */
export function yieldTo(source: DocumentSource, claim: Claim): BlockReason {
  source.consume(claim);
  return { kind: "wait", ms: 0 };
}

export function blockAt({ storeClock }: FleetNode, { why, untilMs }: Gate): BlockReason {
  const ms = Math.max(1, untilMs - storeClock.nowMs());
  return why === "open" ? { kind: "wait", ms } : { kind: "pause", ms, why };
}
