/** The gates between a goal and its request: reasons why nothing may be sent now. */
import { CredentialUnavailableError, QuotaExhaustedError } from "../errors.ts";
import type { Snapshot } from "../fleet/document.ts";
import type { Goal } from "../fleet/local-copy.ts";
import type { FleetNode } from "../fleet/node.ts";
import { inFlightUntil, type IntentVerdict } from "../state/intent.ts";
import { reduce } from "../state/reduce.ts";
import { resolveGoal, type Gate } from "./attempt.ts";

/**
 * Returns the gate that an intent would find closed now, so that no lock is requested in vain. A
 * drain does not close it: the leader waits for the drain under the lease.
 *
 * @throws {QuotaExhaustedError} the ledger is at its cap.
 */
export function gateBeforeLease(node: FleetNode, goal: Goal, snapshot: Snapshot): Gate | undefined {
  const forgotten = gateOfUnstoredRequest(node, snapshot);
  if (forgotten !== undefined) return forgotten;
  const event = {
    type: "intent",
    fence: 0,
    forced: false,
    presumedLostAtMs: presumedLostAtMs(node, snapshot),
    revision: node.context.revision.recentFor(snapshot.state),
    isOrdered: goal.reason === "manual",
    operationId: "",
    outcomeId: "",
    ...resolveGoal(goal, snapshot.state, node),
  } as const;
  const { verdict } = reduce(snapshot.state, event, node.storeClock.nowMs(), node.context.rules);
  if (
    verdict.kind === "send" ||
    verdict.kind === "adopt" ||
    (verdict.kind === "wait" && verdict.why === "drain")
  )
    return undefined;
  return gateOf(node, goal, verdict);
}

/** Returns when an open request that nobody reported may be taken for lost, in store time. */
export function presumedLostAtMs(
  { storeClock, lostRequests }: FleetNode,
  { state }: Snapshot,
): number {
  return storeClock.nowMs() + lostRequests.waitMs(state);
}

/**
 * Returns the gate of a request that only this node remembers. A store that was emptied holds no
 * open request, but the sender of this one is about to report it.
 */
export function gateOfUnstoredRequest(
  { local, context, storeClock, lostRequests }: FleetNode,
  { state }: Snapshot,
): Gate | undefined {
  const known = local.state;
  const nowMs = storeClock.nowMs();
  if (
    state !== undefined ||
    known?.intent === undefined ||
    nowMs >= inFlightUntil(known, context.rules)
  )
    return undefined;
  const waitMs = lostRequests.waitMs(known);
  return waitMs > 0 ? { why: "open", untilMs: nowMs + waitMs } : undefined;
}

/**
 * Returns the gate that a verdict describes. Throws where waiting does not help.
 *
 * @throws {QuotaExhaustedError} the ledger is at its cap. @throws {CredentialUnavailableError} the
 *   outcome of the last request that sent the single-use input is unknown.
 */
export function gateOf(
  node: FleetNode,
  goal: Goal,
  verdict: Exclude<IntentVerdict, { kind: "send" | "adopt" }>,
): Gate {
  const { id } = node.context.issuer;
  switch (verdict.kind) {
    case "wait":
      return verdict;
    case "exhausted":
      throw new QuotaExhaustedError(
        `The ledger of "${id}" leaves no fetch for the reason "${goal.reason}" today, so nothing was sent. Find out what refreshes so often: status() and the events show it.`,
        verdict.resetsAtMs - node.storeClock.nowMs(),
        verdict.nextMs - node.storeClock.nowMs(),
      );
    case "input-in-doubt":
      throw new CredentialUnavailableError(
        `The single-use input of "${id}" was sent before, and the outcome is unknown. Recover the input from the platform or authorise again. Sent twice, it could revoke the credential that it obtained.`,
      );
  }
}
