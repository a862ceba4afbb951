/** A lock whose connection is as bad as the plan says. */
import type { Lock } from "../lock/lock.ts";
import { type FaultPlan, subscribeThrough } from "./faults.ts";

/**
 * All views share the plan, and the queue of the lock within. Releases are not told of while the
 * plan says that no message arrives.
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
