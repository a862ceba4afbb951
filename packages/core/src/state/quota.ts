/**
 * The ledger of fetches on the platform's days. Counted before a request leaves, so never
 * under-counted.
 */
import type { RefreshReason } from "../issuer.ts";
import type { Rules } from "./rules.ts";
import type { Quota } from "./state.ts";

const dayMs = 86_400_000;
const tryEveryMs = 3_600_000;
/** A try that was not answered has shown nothing: the next one need not wait for an hour. */
const unansweredMs = 60_000;

/**
 * The ledger as it stands now: empty when the stored one belongs to an earlier day. One of the next
 * day is kept: the store's clock stepped back over midnight, and what was fetched was fetched.
 */
export function quotaOn(quota: Quota, nowMs: number, rules: Rules): Quota {
  const day = Math.floor((nowMs + rules.dayOffsetMs) / dayMs);
  if (quota.day === day || quota.day === day + 1) return quota;
  return { ...quota, day, used: 0, forced: { ...quota.forced, used: 0 } };
}

export function resetsAtMs(nowMs: number, rules: Rules): number {
  return (Math.floor((nowMs + rules.dayOffsetMs) / dayMs) + 1) * dayMs - rules.dayOffsetMs;
}

/**
 * Refreshes that can wait leave the reserve to those that cannot, and rejections leave an
 * operator's budget.
 */
export function quotaFor(
  reason: RefreshReason,
  { governor, quotaPerDay, quotaReserve }: Rules,
): number {
  const proactive = reason === "advisory" || reason === "mandatory" || reason === "reconcile";
  if (proactive) return Math.floor(quotaPerDay * (1 - quotaReserve));
  return reason === "rejected" ? Math.max(0, quotaPerDay - governor.manual.burst) : quotaPerDay;
}

/** Of the forced ones rejections leave a fifth, at most four, to operators: two revocations. */
const keptForced = 4;

export function forcedFor(reason: RefreshReason, { forced: { perDay } }: Rules): number {
  return reason === "manual" ? perDay : perDay - Math.min(keptForced, Math.ceil(perDay / 5));
}

/** Whether the ledger lets one more leave; else until when, at the earliest, it does not. */
export function exhaustedUntilMs(
  quota: Quota,
  reason: RefreshReason,
  nowMs: number,
  rules: Rules,
): number | undefined {
  const cap = quotaFor(reason, rules);
  if (quota.used < cap) return undefined;
  const gone = goneOn(quota);
  if (gone === undefined || gone.used >= cap) return resetsAtMs(nowMs, rules);
  return nowMs >= gone.nextMs ? undefined : Math.min(gone.nextMs, resetsAtMs(nowMs, rules));
}

/** What the platform said today; a mark of another day was carried along by an older release. */
function goneOn({ day, gone }: Quota): Quota["gone"] {
  return gone?.day === day ? gone : undefined;
}

export function spend(quota: Quota, forced: boolean, nowMs: number): Quota {
  const gone = goneOn(quota);
  return {
    ...quota,
    ...(gone === undefined
      ? { used: quota.used + 1 }
      : { gone: { ...gone, used: gone.used + 1, nextMs: nowMs + unansweredMs } }),
    forced: forced
      ? { ...quota.forced, used: quota.forced.used + 1, lastAtMs: nowMs }
      : quota.forced,
  };
}

/**
 * Gives back what an intent of `sentAtMs` spent on a request that never left; a forced one is told
 * by its time.
 */
export function refund(quota: Quota, sentAtMs: number, rules: Rules): Quota {
  const gone = goneOn(quota);
  const forced = refundForced(quota.forced, sentAtMs, rules);
  // The try was not made.
  if (gone !== undefined)
    return { ...quota, forced, gone: { ...gone, used: Math.max(0, gone.used - 1), nextMs: 0 } };
  return { ...quota, used: Math.max(0, quota.used - 1), forced };
}

/**
 * The platform says that nothing is left, whatever we counted. Somebody may clear the quota before
 * the day ends, so it is asked again an hour after it said so.
 */
export function exhaust(quota: Quota, nowMs: number, rules: Rules): Quota {
  const used = goneOn(quota)?.used ?? quota.used;
  return {
    ...quota,
    used: Math.max(quota.used, rules.quotaPerDay),
    gone: { day: quota.day, used, nextMs: nowMs + tryEveryMs },
  };
}

/**
 * The platform has issued: what it said of the quota before is over, and what counts is what was
 * really fetched.
 */
export function granted(quota: Quota): Quota {
  const used = goneOn(quota)?.used ?? quota.used;
  const { gone: _, ...rest } = quota;
  return { ...rest, used };
}

/** The one before it was at least a gap earlier, or this one could not have been announced. */
function refundForced(forced: Quota["forced"], sentAtMs: number, rules: Rules): Quota["forced"] {
  if (forced.lastAtMs !== sentAtMs || forced.used === 0) return forced;
  return { ...forced, used: forced.used - 1, lastAtMs: Math.max(0, sentAtMs - rules.forced.gapMs) };
}
