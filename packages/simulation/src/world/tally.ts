/** What a run is measured by. */

export interface Tally {
  calls: number;
  /** Calls whose first attempt the platform refused with 40001, 40014 or 42001. */
  refusedFirst: number;
  /** Calls that failed although the fleet could have had a live credential. */
  failed: number;
  /** Calls that failed while the platform or the store was out of reach or refused to issue. */
  excused: number;
  /** The longest that calls of one running process went unanswered, in ms. */
  worstOutageMs: number;
  commands: number;
  nodeMs: number;
  fetches: number;
  /** Refresh cycles: credentials that were due when they were replaced, and the first. */
  lifetimes: number;
}

export function emptyTally(): Tally {
  return { calls: 0, refusedFirst: 0, failed: 0, excused: 0, worstOutageMs: 0, commands: 0, nodeMs: 0, fetches: 0, lifetimes: 0 };
}

export function add(sum: Tally, other: Tally): void {
  sum.calls += other.calls;
  sum.refusedFirst += other.refusedFirst;
  sum.failed += other.failed;
  sum.excused += other.excused;
  sum.worstOutageMs = Math.max(sum.worstOutageMs, other.worstOutageMs);
  sum.commands += other.commands;
  sum.nodeMs += other.nodeMs;
  sum.fetches += other.fetches;
  sum.lifetimes += other.lifetimes;
}
