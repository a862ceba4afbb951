/** How long a lease may be relied on, by this machine's clocks alone. */
import type { LockLossReason } from "../errors.ts";
import type { Clock } from "../time/time.ts";

/** Both clocks at one moment. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/**
 * The term that one successful acquire or extend promised. It counts from before the command was
 * sent, so it is never too long.
 */
export interface Term {
  readonly sentAt: Moment;
  readonly usableMs: number;
  /**
   * The clocks may diverge by this much without a meaning: they tick in different steps, and NTP
   * slows one down or speeds it up.
   */
  readonly toleranceMs: number;
}

export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/**
 * The term is shortened by a hundredth and 2 ms, for clocks that run at different rates and stores
 * that round.
 */
export function termOf(sentAt: Moment, ttlMs: number): Term {
  const marginMs = ttlMs / 100 + 2;
  return { sentAt, usableMs: ttlMs - marginMs, toleranceMs: marginMs / 2 };
}

/** Returns what is left of the term, in ms. Negative when it is over. */
export function remainingMsOf(term: Term, now: Moment): number {
  return term.usableMs - elapsedMs(term, now) - sleptMs(term, now);
}

/** Returns why the lease must not be relied on any more. Undefined while it may be. */
export function lossOf(
  term: Term,
  now: Moment,
): Extract<LockLossReason, "expired" | "suspended"> | undefined {
  if (remainingMsOf(term, now) > 0) return undefined;
  return elapsedMs(term, now) >= term.usableMs ? "expired" : "suspended";
}

function elapsedMs({ sentAt }: Term, now: Moment): number {
  return now.monotonicMs - sentAt.monotonicMs;
}

/**
 * How far the wall clock ran ahead of the monotonic one, which stands still while the machine
 * sleeps. A wall clock that NTP sets forward looks the same: then a lease may be given up that was
 * still good, which is the safe mistake.
 */
function sleptMs(term: Term, now: Moment): number {
  const aheadMs = now.wallMs - term.sentAt.wallMs - elapsedMs(term, now);
  return aheadMs > term.toleranceMs ? aheadMs : 0;
}
