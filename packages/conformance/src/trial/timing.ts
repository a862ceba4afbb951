/**
 * Moments that clauses about time wait for, so that what they assert holds by causality, however
 * fast the machine is.
 */
import assert from "node:assert/strict";
import type { Lock } from "@lingpai/core";
import type { Trial } from "../clause.ts";
import type { Facts } from "../facts.ts";
import { altered } from "./spies.ts";

/** Machines may be so many times slower than the one on which the clauses were written. */
const slowness = 4;

/** How often a clause begins again what came too late to prove anything. */
const attemptsMax = 10;

/**
 * Servers and processes of a busy machine stand still for so long, now and then: seen on etcd, 2.7
 * s.
 */
const pauseMs = 5_000;

/**
 * How long something may take that should take `ms`: on a manual clock exactly that, on a machine's
 * with room for a slow one, and for a pause.
 */
export function roomMs({ toleranceMs }: Pick<Facts, "toleranceMs">, ms: number): number {
  return toleranceMs === 0 ? ms : Math.max(ms, pauseMs) + ms * (slowness - 1) + toleranceMs;
}

/**
 * So many round trips take longer than a message that is pushed, and less long than what is asked
 * for at intervals.
 */
const promptRoundTrips = 500;

/**
 * How soon something that is pushed must be there: within `ms` on a manual clock; a machine is
 * judged by its own round trips.
 */
export function promptMs(
  { toleranceMs }: Pick<Facts, "toleranceMs">,
  ms: number,
  roundTripMs: number,
): number {
  return toleranceMs === 0 ? ms : promptRoundTrips * roundTripMs;
}

/** The one in the middle; of an even number, the later. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, next) => one - next)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** A time to live that is short, yet long enough to look at the entry before it ends. */
export function shortTtlMs({ facts }: Pick<Trial, "facts">): number {
  return Math.max(facts.ttlGranularityMs, facts.toleranceMs * 5, 50);
}

/** A lease within a third of which there is time to act on a slow machine. */
export function leaseLengthMs(trial: Pick<Trial, "facts">): number {
  return Math.max(shortTtlMs(trial) * 2, trial.facts.toleranceMs * 12);
}

/** After this much the entry is gone, whatever the rounding. */
export function surelyGoneMs({ facts }: Pick<Trial, "facts">, ttlMs: number): number {
  return ttlMs + facts.ttlGranularityMs + (facts.toleranceMs > 0 ? 2 : 0);
}

/**
 * Looks at something just before `ttlMs` after `begin` began. A look that came too late to prove
 * anything is done again, and earlier if need be; ten in a row mean that the machine is too slow
 * for this backend's `toleranceMs`.
 */
export async function justBefore<T>(
  trial: Trial,
  ttlMs: number,
  begin: () => Promise<unknown>,
  look: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const marginMs = Math.min(
      Math.max(1, trial.facts.toleranceMs) * 2 ** Math.floor(attempt / 3),
      ttlMs / 2,
    );
    const startMs = trial.clock.monotonicMs();
    await begin();
    await trial.elapse(ttlMs - marginMs);
    const seen = await look();
    // Stores that count whole milliseconds may begin and end within one.
    if (trial.clock.monotonicMs() - startMs <= ttlMs - 1) return seen;
  }
  return assert.fail(`every look came later than ${ttlMs} ms: declare a larger toleranceMs`);
}

/**
 * What came of `work`, good or bad, if it took less than `limitMs`; begun again, ten times at most,
 * if it took so long that it proves nothing.
 */
export async function inTime<T>(
  { clock, facts }: Trial,
  limitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const startMs = clock.monotonicMs();
    const isLate = (): boolean =>
      facts.toleranceMs > 0 && clock.monotonicMs() - startMs >= limitMs && attempt < attemptsMax;
    try {
      const result = await work();
      if (!isLate()) return result;
    } catch (error) {
      if (!isLate()) throw error;
    }
  }
}

/**
 * Runs a clause about a lease of `leaseMs`, under a name space of its own. A failure proves nothing
 * when the store, or this process, stood still meanwhile for a sixth of the lease, half of the time
 * between two extensions: then the clause begins again. Ten in a row are a failure. With a manual
 * clock nothing stands still.
 */
export async function onSteadyMachine(
  trial: Trial,
  leaseMs: number,
  work: (lock: Lock) => Promise<void>,
): Promise<void> {
  if (trial.facts.toleranceMs === 0) return work(trial.lock);
  for (let attempt = 1; ; attempt++) {
    const watch = watchPauses(trial, trial.lock.withPrefix(`attempt ${attempt}`));
    try {
      return await work(watch.lock);
    } catch (error) {
      if (watch.longestMs() <= leaseMs / 6 || attempt === attemptsMax) throw error;
    } finally {
      watch.stop();
    }
  }
}

const tickMs = 25;

function watchPauses(
  { clock }: Trial,
  lock: Lock,
): { readonly lock: Lock; longestMs(): number; stop(): void } {
  let longestMs = 0;
  const unanswered = new Set<{ readonly startMs: number }>();
  const timed = async <T>(answer: Promise<T>): Promise<T> => {
    const call = { startMs: clock.monotonicMs() };
    unanswered.add(call);
    try {
      return await answer;
    } finally {
      unanswered.delete(call);
      longestMs = Math.max(longestMs, clock.monotonicMs() - call.startMs);
    }
  };
  let dueMs = clock.monotonicMs() + tickMs;
  let cancel = (): void => {};
  const tick = (): void => {
    longestMs = Math.max(longestMs, clock.monotonicMs() - dueMs);
    dueMs = clock.monotonicMs() + tickMs;
    cancel = clock.setTimer(tickMs, tick, { background: true });
  };
  cancel = clock.setTimer(tickMs, tick, { background: true });
  return {
    lock: altered(lock, {
      tryAcquire: (name, owner, ttlMs) => timed(lock.tryAcquire(name, owner, ttlMs)),
      extend: (name, owner, ttlMs) => timed(lock.extend(name, owner, ttlMs)),
      release: (name, owner) => timed(lock.release(name, owner)),
    }),
    longestMs: () =>
      Math.max(longestMs, ...[...unanswered].map(({ startMs }) => clock.monotonicMs() - startMs)),
    stop: () => cancel(),
  };
}
