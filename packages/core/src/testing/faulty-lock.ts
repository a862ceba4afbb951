/** A lock with the faults of a plan. */
import type { Lock } from "../lock/lock.ts";
import { type FaultPlan, subscribeThrough } from "./faults.ts";

/**
 * Wraps a lock. All views share the plan and the queue of the wrapped lock. Messages of releases
 * are dropped while the plan says that none arrive.
 */
export function faultyLock(lock: Lock, plan: FaultPlan): Lock {
  const { onRelease, queue } = lock;
  return {
    path: lock.path,
    tryAcquire: (name, owner, ttlMs) =>
      plan.run("tryAcquire", name, () => lock.tryAcquire(name, owner, ttlMs)),
    extend: (name, owner, ttlMs) => plan.run("extend", name, () => lock.extend(name, owner, ttlMs)),
    release: (name, owner) => plan.run("release", name, () => lock.release(name, owner)),
    ...(onRelease !== undefined && {
      onRelease: (name, listener) =>
        plan.run("onRelease", name, () =>
          subscribeThrough(
            plan,
            (deliver) => onRelease.call(lock, name, () => deliver(listener)),
            listener,
          ),
        ),
    }),
    withPrefix: (segment) => faultyLock(lock.withPrefix(segment), plan),
    at: (path) => faultyLock(lock.at(path), plan),
    ...(queue !== undefined && { queue }),
  };
}
