/** Moments that clauses about time wait for, so that what they assert holds by causality, however fast the machine is. */
import assert from "node:assert/strict";
import type { Trial } from "./clause.ts";

/** A time to live that is short, yet long enough to look at the entry before it ends. */
export function shortTtlMs({ facts }: Pick<Trial, "facts">): number {
  return Math.max(facts.ttlGranularityMs, facts.toleranceMs * 5, 50);
}

/** After this much the entry is gone, whatever the rounding. */
export function surelyGoneMs({ facts }: Pick<Trial, "facts">, ttlMs: number): number {
  return ttlMs + facts.ttlGranularityMs + (facts.toleranceMs > 0 ? 2 : 0);
}

/**
 * Looks at something just before `ttlMs` after `begin` began. A look that came too late to prove anything is done again; ten
 * in a row mean that the machine is too slow for this backend's `toleranceMs`.
 */
export async function justBefore<T>(trial: Trial, ttlMs: number, begin: () => Promise<unknown>, look: () => Promise<T>): Promise<T> {
  const marginMs = Math.max(1, trial.facts.toleranceMs);
  for (let attempt = 0; attempt < 10; attempt++) {
    const startMs = trial.clock.monotonicMs();
    await begin();
    await trial.elapse(ttlMs - marginMs);
    const seen = await look();
    // Stores that count whole milliseconds may begin and end within one.
    if (trial.clock.monotonicMs() - startMs <= ttlMs - 1) return seen;
  }
  return assert.fail(`every look came later than ${ttlMs} ms: declare a larger toleranceMs`);
}
