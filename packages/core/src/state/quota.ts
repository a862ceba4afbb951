/** The ledger of fetches on the platform's days. Counted before a request leaves, so never under-counted. */
import type { RefreshReason } from "../issuer.ts";
import type { Rules } from "./rules.ts";
import type { Quota } from "./state.ts";

const dayMs = 86_400_000;

/** The ledger as it stands now: empty when the stored one belongs to another day. */
export function quotaOn(quota: Quota, nowMs: number, rules: Rules): Quota {
  const day = Math.floor((nowMs + rules.dayOffsetMs) / dayMs);
  if (quota.day === day) return quota;
  return { ...quota, day, used: 0, forced: { ...quota.forced, used: 0 } };
}

export function resetsAtMs(nowMs: number, rules: Rules): number {
  return (Math.floor((nowMs + rules.dayOffsetMs) / dayMs) + 1) * dayMs - rules.dayOffsetMs;
}

/** Refreshes that can wait leave the reserve to those that cannot, and rejections leave an operator's budget. */
export function quotaFor(reason: RefreshReason, { governor, quotaPerDay, quotaReserve }: Rules): number {
  const proactive = reason === "advisory" || reason === "mandatory" || reason === "reconcile";
  if (proactive) return Math.floor(quotaPerDay * (1 - quotaReserve));
  return reason === "rejected" ? Math.max(0, quotaPerDay - governor.manual.burst) : quotaPerDay;
}

/** Of the forced ones rejections leave a fifth, at most four, to operators: two revocations. */
const keptForced = 4;

export function forcedFor(reason: RefreshReason, { forced: { perDay } }: Rules): number {
  return reason === "manual" ? perDay : perDay - Math.min(keptForced, Math.ceil(perDay / 5));
}

export function spend(quota: Quota, forced: boolean, nowMs: number): Quota {
  return {
    ...quota,
    used: quota.used + 1,
    forced: forced ? { ...quota.forced, used: quota.forced.used + 1, lastAtMs: nowMs } : quota.forced,
  };
}

/** Gives back what an intent spent on a request that never left. */
export function refund(quota: Quota): Quota {
  return { ...quota, used: Math.max(0, quota.used - 1) };
}

/** The platform says that nothing is left, whatever we counted. */
export function exhaust(quota: Quota, rules: Rules): Quota {
  return { ...quota, used: Math.max(quota.used, rules.quotaPerDay) };
}
