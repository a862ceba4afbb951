/** Events that need a little arithmetic before they are reported. */
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

/** Reports the step that the last fetch reached, if any. */
export function reportQuota(bus: EventBus, used: number, rules: Rules, nowMs: number): void {
  measureQuota(bus, used, rules, nowMs);
  const percent = quotaSteps.find((step) => used === Math.ceil((rules.quotaPerDay * step) / 100));
  if (percent !== undefined)
    bus.emit("quota-threshold", {
      used,
      perDay: rules.quotaPerDay,
      percent,
      resetsInMs: resetsAtMs(nowMs, rules) - nowMs,
    });
}

export function measureQuota(bus: EventBus, used: number, rules: Rules, nowMs: number): void {
  const { quotaPerDay: perDay } = rules;
  bus.measure({ kind: "quota", used, perDay, resetsInMs: resetsAtMs(nowMs, rules) - nowMs });
}

/**
 * Reports the foreign refresh that this node's write revealed, and the fleet's switch to the
 * fallback, if that is configured.
 */
export function reportContention(
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
  // The fleet switched in the same write.
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

/** Reports that a lease ended before its holder released it, and returns the error. */
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
