/**
 * The waits of clauses about time. They make the assertions hold by causality, however fast the
 * machine is.
 */
import assert from "node:assert/strict";
import type { Lock } from "@lingpai/core";
import type { Trial } from "../clause.ts";
import type { Facts } from "../facts.ts";
import { altered } from "./spies.ts";

/** How many times slower a machine may be than the one on which the clauses were written. */
const slowness = 4;

/** How often a clause repeats a step that was too late to prove anything. */
const attemptsMax = 10;

/**
 * How long a server or process of a busy machine may stand still, in ms. 2.7 s were seen on etcd.
 */
const pauseMs = 5_000;

/**
 * Returns how long something may take that should take `ms`: exactly that on a manual clock; with
 * room for a slow machine and a pause on a real one.
 */
export function roomMs({ toleranceMs }: Pick<Facts, "toleranceMs">, ms: number): number {
  return toleranceMs === 0 ? ms : Math.max(ms, pauseMs) + ms * (slowness - 1) + toleranceMs;
}

/**
 * This many round trips take longer than a pushed message, and less time than a polling interval.
 */
const promptRoundTrips = 500;

/**
 * Returns how soon a pushed message must arrive: within `ms` on a manual clock, within a number of
 * measured round trips on a real one.
 */
export function promptMs(
  { toleranceMs }: Pick<Facts, "toleranceMs">,
  ms: number,
  roundTripMs: number,
): number {
  return toleranceMs === 0 ? ms : promptRoundTrips * roundTripMs;
}

/** Returns the middle value; of an even number, the higher one. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, next) => one - next)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Returns a short time to live that is long enough to read the entry before it ends. */
export function shortTtlMs({ facts }: Pick<Trial, "facts">): number {
  return Math.max(facts.ttlGranularityMs, facts.toleranceMs * 5, 50);
}

/** Returns a lease whose third leaves a slow machine time to act. */
export function leaseLengthMs(trial: Pick<Trial, "facts">): number {
  return Math.max(shortTtlMs(trial) * 2, trial.facts.toleranceMs * 12);
}

/** Returns the time after which the entry is gone, whatever the rounding. */
export function surelyGoneMs({ facts }: Pick<Trial, "facts">, ttlMs: number): number {
  return ttlMs + facts.ttlGranularityMs + (facts.toleranceMs > 0 ? 2 : 0);
}

/**
 * Runs a check just before `ttlMs` after `begin` began. A check that came too late to prove
 * anything is repeated, and earlier if necessary. Ten late ones in a row mean that the machine is
 * too slow for this backend's `toleranceMs`.
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
  return assert.fail(`every check came later than ${ttlMs} ms. Declare a larger toleranceMs`);
}

/**
 * Returns the result of `work` if it took less than `limitMs`. A slower run proves nothing and is
 * repeated, at most ten times.
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
 * Runs a clause about a lease of `leaseMs`, under its own name space. A failure proves nothing if
 * the store or this process stood still meanwhile for a sixth of the lease, which is half of the
 * time between two extensions. The clause is then repeated; ten failures in a row count. Nothing
 * stands still with a manual clock.
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
