/**
 * The ledger of fetches per day of the platform. A fetch is counted before it leaves, so the count
 * is never too low.
 */
import type { RefreshReason } from "../issuer.ts";
import type { Rules } from "./rules.ts";
import type { DayCount, Quota } from "./state.ts";

const dayMs = 86_400_000;
const tryEveryMs = 3_600_000;
/** A try without an answer has shown nothing, so the next one need not wait an hour. */
const unansweredMs = 60_000;

/**
 * Returns the ledger of today. If the store's clock has stepped back, it begins with what was
 * counted since: the clock may have been ahead, and those fetches are today's. A clock that goes on
 * again finds the later day's ledger, with the fetches since.
 */
export function quotaOn(quota: Quota, nowMs: number, rules: Rules): Quota {
  const day = Math.floor((nowMs + rules.dayOffsetMs) / dayMs);
  if (quota.day === day) return quota;
  const { otherDay: known, ...rest } = granted(quota);
  const left: DayCount = { day: rest.day, used: rest.used, forcedUsed: rest.forced.used };
  let today: DayCount = { day, used: 0, forcedUsed: 0 };
  let otherDay = left.used === 0 ? known : left;
  if (day < left.day) {
    const isSince = known !== undefined && day <= known.day && known.day <= left.day;
    today = isSince ? sum(left, known.used, known.forcedUsed) : left;
  } else if (known?.day === day) {
    today = known;
    otherDay = sum(left, -known.used, -known.forcedUsed);
  }
  return {
    ...rest,
    day,
    used: today.used,
    forced: { ...rest.forced, used: today.forcedUsed },
    ...(otherDay && { otherDay }),
  };
}

function sum(count: DayCount, used: number, forcedUsed: number): DayCount {
  return {
    ...count,
    used: bounded(count.used + used),
    forcedUsed: bounded(count.forcedUsed + forcedUsed),
  };
}

/** A larger number could not be stored. */
function bounded(count: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, count));
}

/** Counts a request, or its refund, on the later day too that the store's clock has shown. */
function onLaterDay({ day, otherDay }: Quota, used: number, forcedUsed: number): Partial<Quota> {
  if (otherDay === undefined || otherDay.day <= day) return {};
  return { otherDay: sum(otherDay, used, forcedUsed) };
}

export function resetsAtMs(nowMs: number, rules: Rules): number {
  return (Math.floor((nowMs + rules.dayOffsetMs) / dayMs) + 1) * dayMs - rules.dayOffsetMs;
}

/**
 * Refreshes that can wait leave the reserve to urgent ones, and rejections leave the operators'
 * budget.
 */
export function quotaFor(
  reason: RefreshReason,
  { governor, quotaPerDay, quotaReserve }: Rules,
): number {
  const proactive = reason === "advisory" || reason === "mandatory" || reason === "reconcile";
  if (proactive) return Math.floor(quotaPerDay * (1 - quotaReserve));
  return reason === "rejected" ? Math.max(0, quotaPerDay - governor.manual.burst) : quotaPerDay;
}

/**
 * Rejections leave a fifth of the forced fetches, at most four, to operators: enough for two
 * revocations.
 */
const keptForced = 4;

export function forcedFor(reason: RefreshReason, { forced: { perDay } }: Rules): number {
  return reason === "manual" ? perDay : perDay - Math.min(keptForced, Math.ceil(perDay / 5));
}

/**
 * Returns undefined when the ledger allows one more fetch, else the earliest instant at which it
 * does.
 */
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

/**
 * Returns today's report of the platform. An older release may have kept the mark of another day.
 */
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
    ...onLaterDay(quota, 1, forced ? 1 : 0),
  };
}

/**
 * Refunds the fetch of an intent of `sentAtMs` whose request never left. A forced one is recognised
 * by its time.
 */
export function refund(quota: Quota, sentAtMs: number, rules: Rules): Quota {
  const gone = goneOn(quota);
  const forced = refundForced(quota.forced, sentAtMs, rules);
  const later = onLaterDay(quota, -1, forced.used - quota.forced.used);
  const next = { ...quota, ...later, forced };
  // The try was never sent.
  if (gone !== undefined)
    return { ...next, gone: { ...gone, used: Math.max(0, gone.used - 1), nextMs: 0 } };
  return { ...next, used: Math.max(0, quota.used - 1) };
}

/**
 * Records that the platform has no quota left, whatever the fleet counted. A person may clear the
 * quota before the day ends, so the platform is asked again an hour later.
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
 * Returns the number of fetches to show. A ledger that the platform calls used up is at its cap.
 * Where no cap is known, that is no number of fetches.
 */
export function shownUse(quota: Quota, { quotaPerDay }: Pick<Rules, "quotaPerDay">): number {
  const isLimited = quotaPerDay < Number.MAX_SAFE_INTEGER;
  return isLimited ? quota.used : (goneOn(quota)?.used ?? quota.used);
}

/**
 * The platform has issued, so its report about the quota is outdated, and the real count applies.
 */
export function granted(quota: Quota): Quota {
  const used = goneOn(quota)?.used ?? quota.used;
  const { gone: _, ...rest } = quota;
  return { ...rest, used };
}

/** The one before was at least a gap earlier, or this one would not have been allowed. */
function refundForced(forced: Quota["forced"], sentAtMs: number, rules: Rules): Quota["forced"] {
  if (forced.lastAtMs !== sentAtMs || forced.used === 0) return forced;
  return { ...forced, used: forced.used - 1, lastAtMs: Math.max(0, sentAtMs - rules.forced.gapMs) };
}
