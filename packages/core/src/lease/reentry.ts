/** Knows under which leases the running code was called. */
import { AsyncLocalStorage } from "node:async_hooks";
import { LockReenteredError } from "../errors.ts";
import type { Lease } from "./lease.ts";
import type { Lock } from "../lock/lock.ts";
import { nameOf } from "../cache/prefix.ts";

interface Link {
  readonly origin: object;
  readonly fullName: string;
  readonly lease: Lease;
  readonly outer: Link | undefined;
}

/** It keeps nothing alive: each chain of calls has its own links, which end with it. */
const chain = new AsyncLocalStorage<Link>();

/** The name with its path: one text for each lock that all views of one {@link Lock} can name. */
export function fullNameOf(lock: Lock, name: string): string {
  return nameOf(lock.path, name);
}

/**
 * Returns what all views of one lock share: their queue. A lock without a queue is identified by
 * itself.
 */
function originOf(lock: Lock): object {
  return lock.queue ?? lock;
}

/** Runs `work` so that it, and all that it calls or starts, is known to be under the lease. */
export function runUnder<T>(lock: Lock, lease: Lease, work: () => Promise<T>): Promise<T> {
  return chain.run(
    {
      origin: originOf(lock),
      fullName: fullNameOf(lock, lease.name),
      lease,
      outer: chain.getStore(),
    },
    work,
  );
}

/**
 * @throws {LockReenteredError} when the calling chain is under a lease of this lock and name that
 *   still holds: waiting for it would never end.
 */
export function refuseReentry(lock: Lock, name: string): void {
  const origin = originOf(lock);
  const fullName = fullNameOf(lock, name);
  for (let link = chain.getStore(); link !== undefined; link = link.outer) {
    if (link.origin === origin && link.fullName === fullName && link.lease.isHeld())
      throw new LockReenteredError(name);
  }
}
