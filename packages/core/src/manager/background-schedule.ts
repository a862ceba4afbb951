/**
 * Decides what the background does next, and when. Pure choices over instants of the monotonic
 * clock, so that a test can limit how often it wakes.
 */
import type { Parameters } from "../parameters.ts";

export interface DueTerms {
  /** When a refresh is due; negative infinity when it is due now, infinity when none is to come. */
  readonly refreshAtMs: number;
  /** No refresh is tried before this instant, because the last one failed. */
  readonly refreshNotBeforeMs: number;
  /** When the document is to be read, for whatever reason. */
  readonly readAtMs: number;
  /** When to subscribe; infinity when that is done. */
  readonly subscribeAtMs: number;
  /** When to report a credential that is served past its time. */
  readonly reportAtMs: number;
}

export type DueTask = "refresh" | "read" | "subscribe";

/** Returns the most urgent task that is due, or undefined. */
export function dueTask(terms: DueTerms, nowMs: number): DueTask | undefined {
  if (nowMs >= Math.max(terms.refreshAtMs, terms.refreshNotBeforeMs)) return "refresh";
  if (nowMs >= terms.readAtMs) return "read";
  return nowMs >= terms.subscribeAtMs ? "subscribe" : undefined;
}

/**
 * The longest sleep of the timer. A suspend of the machine stops the monotonic clock, and is
 * noticed after this time at the latest.
 */
export const sleepMaxMs = 20_000;
/**
 * The shortest sleep after a wake-up. It spares the store and the processor even if a term is
 * wrong.
 */
export const sleepMinMs = 50;

/** Returns how long to sleep from `nowMs`, in ms, after the last wake-up at `lastWokeMs`. */
export function sleepMs(terms: DueTerms, nowMs: number, lastWokeMs: number): number {
  const { subscribeAtMs, readAtMs, refreshAtMs, refreshNotBeforeMs, reportAtMs } = terms;
  const nextMs = Math.min(
    subscribeAtMs,
    readAtMs,
    reportAtMs,
    Math.max(refreshAtMs, refreshNotBeforeMs),
  );
  return Math.min(sleepMaxMs, Math.max(0, nextMs - nowMs, lastWokeMs + sleepMinMs - nowMs));
}

/**
 * Returns the pause after this many failures in a row, in ms, before jitter. Urgent: nothing can be
 * served, and a consumer may be waiting.
 */
export function steppedMs(failures: number, isUrgent = false): number {
  return Math.min(
    retryMaxMs,
    (isUrgent ? urgentRetryMs : retryMs) * 2 ** Math.min(30, failures - 1),
  );
}

/**
 * Returns the time over which the nodes spread their attempts after a lease ended without a
 * release.
 */
export function retrySpreadMs(isUrgent: boolean): number {
  return isUrgent ? 500 : 2_000;
}

/** The pause between two background attempts of this node: at first, and after many failures. */
export const retryMs = 5_000;
/** The same as the first step of the fleet's back-off. */
export const urgentRetryMs = 1_000;
/**
 * When to subscribe after the first use: by then its callers are served, or a request is in flight.
 */
export const subscribeAfterMs = 100;
/** How often to look for another configuration while consumers wait for one. */
export const mendLookMs = 1_000;
const retryMaxMs = 60_000;

/**
 * A store that reports changes makes readings a safety net for lost messages, so they may wait this
 * much longer while nothing is in flight.
 */
const pushStretch = 1.25;

/**
 * Returns the pause between readings of an owner whose store reports no changes, while consumers
 * need its credential: they are served within their `waitMs`, also where the store was emptied and
 * holds again what they were refused.
 */
export function awaitedRecheckMs(
  { waitMs }: Pick<Parameters, "waitMs">,
  { wasEmpty }: { readonly wasEmpty: boolean },
): number {
  return waitMs / (wasEmpty ? 20 : 2);
}

/**
 * Returns the longer pause between readings. P3 holds for it too: a node notices a replacement, and
 * ends its longest call, within the overlap.
 */
export function pushRecheckMs(
  { longestCallMs, recheckMs }: Pick<Parameters, "longestCallMs" | "recheckMs">,
  overlapMs: number,
): number {
  return Math.max(recheckMs, Math.min(pushStretch * recheckMs, overlapMs - longestCallMs - 10_000));
}
