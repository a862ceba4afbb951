/** The metrics of one run, and their sum over many runs. */

export interface Metrics {
  calls: number;
  /** Calls whose first attempt the platform refused with 40001, 40014 or 42001. */
  refusedFirst: number;
  /** Calls that failed while no injected fault excused them. */
  failed: number;
  /** Calls that failed while an injected fault excused them. */
  excused: number;
  /**
   * Calls that ended, and those of them that ended while an injected fault was in force on their
   * node.
   */
  ended: number;
  hit: number;
  /** The longest that a call waited while no injected fault was in force, in ms. */
  slowestMs: number;
  /**
   * The longest that calls of one running process went unanswered while no injected fault was in
   * force, in ms.
   */
  worstOutageMs: number;
  commands: number;
  nodeMs: number;
  fetches: number;
  /** Refresh cycles: credentials that were due when they were replaced, and the first. */
  lifetimes: number;
}

export function emptyMetrics(): Metrics {
  return {
    calls: 0,
    refusedFirst: 0,
    failed: 0,
    excused: 0,
    ended: 0,
    hit: 0,
    slowestMs: 0,
    worstOutageMs: 0,
    commands: 0,
    nodeMs: 0,
    fetches: 0,
    lifetimes: 0,
  };
}

export function addMetrics(sum: Metrics, other: Metrics): void {
  sum.calls += other.calls;
  sum.refusedFirst += other.refusedFirst;
  sum.failed += other.failed;
  sum.excused += other.excused;
  sum.ended += other.ended;
  sum.hit += other.hit;
  sum.slowestMs = Math.max(sum.slowestMs, other.slowestMs);
  sum.worstOutageMs = Math.max(sum.worstOutageMs, other.worstOutageMs);
  sum.commands += other.commands;
  sum.nodeMs += other.nodeMs;
  sum.fetches += other.fetches;
  sum.lifetimes += other.lifetimes;
}
