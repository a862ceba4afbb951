/** Events that need a little arithmetic before they are told. */
import type { EventBus } from "../events/event-bus.ts";
import { LockLostError, type IssueError } from "../errors.ts";
import type { RefreshReason } from "../issuer.ts";
import { resetsAtMs } from "../state/quota.ts";
import type { Rules } from "../state/rules.ts";
import type { ForeignRefresh } from "../state/suspect.ts";
import type { State } from "../state/state.ts";
import type { LeaseContext } from "./attempt.ts";
import type { FleetNode } from "../fleet/node.ts";
import { termsOn } from "../fleet/context.ts";

/** The steps at which somebody should look at the ledger, in percent of the day's cap. */
const quotaSteps = [95, 80, 50] as const;

/** Tells when the fetch that was just counted has reached a step. */
export function reportQuota(bus: EventBus, used: number, rules: Rules, nowMs: number): void {
  const percent = quotaSteps.find((step) => used === Math.ceil((rules.quotaPerDay * step) / 100));
  if (percent !== undefined)
    bus.emit("quota-threshold", {
      used,
      perDay: rules.quotaPerDay,
      percent,
      resetsInMs: resetsAtMs(nowMs, rules) - nowMs,
    });
}

/**
 * Tells of the war that the document shows since this node has written to it; also that the fleet
 * has left it, where it was told to.
 */
export function reportForeign(
  { context }: FleetNode,
  foreign: ForeignRefresh,
  {
    fingerprint,
    claimedBy,
    state,
  }: {
    readonly fingerprint: string;
    readonly claimedBy: string | undefined;
    readonly state: State | undefined;
  },
): void {
  const { bus } = context;
  bus.emit("contended", {
    state: foreign.state,
    count: foreign.count,
    ageMs: foreign.ageMs,
    remainingMs: foreign.remainingMs,
    fingerprint,
    ...(claimedBy !== undefined && { claimedBy }),
    remedy:
      "Another environment or SDK fetches tokens for this AppID. Give each environment its own AppID, use the stable token, or let the other side consume this store's token.",
  });
  // Taken in the same write.
  if (state?.fallback !== undefined && state.fallback.sinceMs === state.contention.lastMs)
    bus.emit("switched", {
      to: "fallback",
      cause: "contended",
      issuer: termsOn(context, state).issuer.id,
    });
}

export function reportFailure(
  bus: EventBus,
  error: IssueError,
  failed: { reason: RefreshReason; failures: number; durationMs: number },
): void {
  const { code: errorCode, platformCode, message, outcome, retryAfterMs } = error;
  const { failures, ...context } = failed;
  if (outcome === "fatal")
    bus.emit("refused-fatally", { ...context, errorCode, platformCode, message });
  else
    bus.emit("refresh-failed", {
      ...context,
      errorCode,
      platformCode,
      message,
      outcome,
      failures,
      retryAfterMs,
    });
}

/** Reports that a lease ended under its holder, and gives the error that says so. */
export function reportLoss(
  { context }: FleetNode,
  { lease, startedMs }: LeaseContext,
  epoch: number,
  phase: "before-send" | "after-send",
): LockLostError {
  const reason = lease.lost ?? "expired";
  context.bus.emit("lock-lost", {
    reason,
    epoch,
    phase,
    heldMs: context.clock.monotonicMs() - startedMs,
  });
  return new LockLostError(context.issuer.id, reason);
}
