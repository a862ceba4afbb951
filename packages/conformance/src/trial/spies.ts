/** Wrappers that record or disturb the calls between core and an adapter. */
import type { CancelTimer, Clock, Lock, TimerOptions } from "@lingpai/core";

/** Returns the same lock with some operations replaced, in all its views. */
export function altered(
  lock: Lock,
  change: Partial<Pick<Lock, "tryAcquire" | "extend" | "release" | "onRelease">>,
): Lock {
  const onRelease = change.onRelease ?? lock.onRelease?.bind(lock);
  return {
    path: lock.path,
    ...(lock.queue && { queue: lock.queue }),
    tryAcquire: change.tryAcquire ?? ((name, owner, ttlMs) => lock.tryAcquire(name, owner, ttlMs)),
    extend: change.extend ?? ((name, owner, ttlMs) => lock.extend(name, owner, ttlMs)),
    release: change.release ?? ((name, owner) => lock.release(name, owner)),
    ...(onRelease && { onRelease }),
    withPrefix: (segment) => lock.withPrefix(segment),
    at: (path) => lock.at(path),
  };
}

/** Returns the same lock without push. */
export function withoutPush(lock: Lock): Lock {
  const { onRelease: _, ...rest } = altered(lock, {});
  return rest;
}

/** The calls that a lock received. */
export interface LockLog {
  readonly owners: string[];
  readonly extensions: number[];
  tries: number;
  releases: number;
  /** Subscriptions that are open now. */
  listening: number;
}

export function logged(lock: Lock, clock: Clock): { readonly lock: Lock; readonly log: LockLog } {
  const log: LockLog = { owners: [], extensions: [], tries: 0, releases: 0, listening: 0 };
  const onRelease = lock.onRelease?.bind(lock);
  const spied = altered(lock, {
    tryAcquire(name, owner, ttlMs) {
      log.tries += 1;
      log.owners.push(owner);
      return lock.tryAcquire(name, owner, ttlMs);
    },
    extend(name, owner, ttlMs) {
      log.extensions.push(clock.monotonicMs());
      return lock.extend(name, owner, ttlMs);
    },
    release(name, owner) {
      log.releases += 1;
      return lock.release(name, owner);
    },
    ...(onRelease && {
      async onRelease(name: string, listener: () => void) {
        const unsubscribe = await onRelease(name, listener);
        log.listening += 1;
        let listening = true;
        return async () => {
          if (listening) log.listening -= 1;
          listening = false;
          await unsubscribe();
        };
      },
    }),
  });
  return { lock: spied, log };
}

/**
 * Returns the same clock with timers that never fire. Code that uses it continues only when it is
 * notified.
 */
export function withoutTimers(clock: Clock): Clock {
  return { ...clock, setTimer: () => () => {} };
}

/** A clock over another one that counts its timers and can be made to run ahead. */
export interface SpyClock extends Clock {
  readonly pending: ReadonlySet<TimerOptions>;
  /** Makes only this clock run ahead without firing timers, as a blocked event loop does. */
  stall(ms: number): void;
  /** Makes only its wall clock run ahead, as on a machine that slept. */
  suspend(ms: number): void;
}

export function spyClock(clock: Clock): SpyClock {
  const pending = new Set<TimerOptions>();
  let stalledMs = 0;
  let sleptMs = 0;
  return {
    pending,
    monotonicMs: () => clock.monotonicMs() + stalledMs,
    wallMs: () => clock.wallMs() + stalledMs + sleptMs,
    setTimer(delayMs, fire, options = {}): CancelTimer {
      const timer = { ...options };
      pending.add(timer);
      const cancel = clock.setTimer(
        delayMs,
        () => {
          pending.delete(timer);
          fire();
        },
        options,
      );
      return () => {
        pending.delete(timer);
        cancel();
      };
    },
    stall(ms) {
      stalledMs += ms;
    },
    suspend(ms) {
      sleptMs += ms;
    },
  };
}
