/**
 * What the background does next, and when: pure choices over instants of the monotonic clock, so
 * that a test can bound how often it wakes.
 */
import type { Parameters } from "../parameters.ts";

export interface DueTerms {
  /** When a refresh is due; negative infinity when it is due now, infinity when none is to come. */
  readonly refreshAtMs: number;
  /** No refresh is tried before then: the last one brought nothing. */
  readonly refreshNotBeforeMs: number;
  /** When the document is to be read, for whatever reason. */
  readonly readAtMs: number;
  /** When to subscribe; infinity when that is done. */
  readonly followAtMs: number;
  /** When to report a credential that is served past its time. */
  readonly reportAtMs: number;
}

export type DueTask = "refresh" | "read" | "follow";

/** The most urgent one that is due; undefined when none is. */
export function dueTask(terms: DueTerms, nowMs: number): DueTask | undefined {
  if (nowMs >= Math.max(terms.refreshAtMs, terms.refreshNotBeforeMs)) return "refresh";
  if (nowMs >= terms.readAtMs) return "read";
  return nowMs >= terms.followAtMs ? "follow" : undefined;
}

/**
 * The timer never sleeps longer, so that a suspend of the machine, which stops the monotonic clock,
 * is noticed soon after.
 */
export const sleepMaxMs = 20_000;
/**
 * After a wake-up it sleeps at least so long: whatever term is wrong, the store and the processor
 * are spared.
 */
export const sleepMinMs = 50;

/** How long to sleep at `nowMs`, in ms, having woken `lastWokeMs`. */
export function sleepMs(terms: DueTerms, nowMs: number, lastWokeMs: number): number {
  const { followAtMs, readAtMs, refreshAtMs, refreshNotBeforeMs, reportAtMs } = terms;
  const nextMs = Math.min(
    followAtMs,
    readAtMs,
    reportAtMs,
    Math.max(refreshAtMs, refreshNotBeforeMs),
  );
  return Math.min(sleepMaxMs, Math.max(0, nextMs - nowMs, lastWokeMs + sleepMinMs - nowMs));
}

/**
 * The pause after so many attempts in a row that failed, in ms, before jitter. Urgent: nothing can
 * be served, and somebody who may not refresh may be waiting.
 */
export function steppedMs(failures: number, isUrgent = false): number {
  return Math.min(
    retryMaxMs,
    (isUrgent ? urgentRetryMs : retryMs) * 2 ** Math.min(30, failures - 1),
  );
}

/**
 * Over how long the nodes spread their attempts when a lease has ended that its holder did not
 * release.
 */
export function retrySpreadMs(isUrgent: boolean): number {
  return isUrgent ? 500 : 2_000;
}

/**
 * Between two attempts of this node in the background: at first, and after many that brought
 * nothing.
 */
export const retryMs = 5_000;
/** As the fleet's own back-off begins. */
const urgentRetryMs = 1_000;
const retryMaxMs = 60_000;

/**
 * Where the store tells of changes, and nothing is under way, a reading only makes up for a lost
 * message and may wait longer.
 */
const toldStretch = 1.25;

/**
 * P3 holds for the stretched pause too: a node notices a replacement, and ends its longest call,
 * within the overlap.
 */
export function toldRecheckMs(
  { longestCallMs, recheckMs }: Pick<Parameters, "longestCallMs" | "recheckMs">,
  overlapMs: number,
): number {
  return Math.max(recheckMs, Math.min(toldStretch * recheckMs, overlapMs - longestCallMs - 10_000));
}
