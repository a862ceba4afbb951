/**
 * Leases: what core adds to a {@link Lock}. Waiting in order, renewal, the signal of a loss, a
 * release that hides no error.
 */
import { refuseReentry, fullNameOf, runUnder } from "./reentry.ts";
import { tryRequest } from "./try-acquire.ts";
import { deadlineDefaultMs, requireDeadline } from "../driver/driver-guard.ts";
import { ConfigurationError, LockLostError, LockTimeoutError } from "../errors.ts";
import type { AcquireOptions, Lease, TryLeaseOptions } from "./lease.ts";
import type { LeaseRequest } from "./lease-request.ts";
import { requireLock, requireOptions, type KindsOf } from "../options.ts";
import type { Busy, Lock } from "../lock/lock.ts";
import { createWaitLimit, waitFor, type WaitLimit } from "../time/wait.ts";
import { systemRandom } from "../random.ts";
import { systemClock } from "../time/time.ts";
import { listenForRelease, pauseMs } from "./release-wait.ts";

/**
 * Asks for the lock without waiting for its holder.
 *
 * After a lost answer it asks once more, under the same owner. A grant that took longer than its
 * ttl is released and reported as busy.
 *
 * @throws {CacheUnavailableError} the store did not answer. A possible grant is released.
 * @throws {ConfigurationError} an option is out of range.
 */
export async function tryLease(
  lock: Lock,
  name: string,
  options: TryLeaseOptions,
): Promise<Lease | Busy> {
  requireRequest("tryLease()", lock, options);
  return tryRequest(requestOf(lock, name, options, () => {}));
}

/**
 * Waits for the lock: first for earlier callers in this process, whose turn lasts as long as their
 * lease, then for holders elsewhere. Their release wakes it if the store reports releases.
 * Otherwise it asks again, with jitter.
 *
 * @throws {LockTimeoutError} `waitMs` passed. Nothing is left behind.
 * @throws {LockReenteredError} the caller is called from the work of {@link withLease} under the
 *   same lock and name.
 * @throws {CacheUnavailableError} the store did not answer.
 * @throws {ConfigurationError} an option is out of range.
 * @throws the signal's reason when it aborts. Nothing is left behind.
 */
export async function acquire(lock: Lock, name: string, options: AcquireOptions): Promise<Lease> {
  requireRequest("acquire()", lock, options);
  const { clock = systemClock, waitMs, signal } = options;
  requireWait(waitMs);
  signal?.throwIfAborted();
  refuseReentry(lock, name);
  const limit = createWaitLimit({
    clock,
    waitMs,
    signal,
    timeoutError: () => new LockTimeoutError(name, waitMs),
  });
  try {
    const endTurn = await takeTurn(lock, name, options, limit);
    try {
      return await contend(lock, name, options, limit, endTurn);
    } catch (error) {
      endTurn();
      throw error;
    }
  } finally {
    limit.dispose();
  }
}

/**
 * Runs `work` under a lease and releases it, whatever happens.
 *
 * An error of `work` is what the caller sees, also when the lease was lost or its release failed.
 * Within `work`, and within everything that it calls or starts and that runs while the lease holds,
 * acquiring the same name of the same lock (the same object, or a view of it) is {@link
 * LockReenteredError}. Code that got a lease from {@link acquire} or {@link tryLease} is not
 * covered, because nothing shows what runs under it.
 *
 * @throws {LockLostError} `work` succeeded, but the lease was lost before its release: the next
 *   holder may have overlapped. `refused` may also be a false alarm: a client that resends a
 *   release after a lost answer learns that nothing was there. The store's answer is the same when
 *   another holder took the lock, and an overlap must not be hidden.
 * @throws what {@link acquire} throws.
 */
export async function withLease<T>(
  lock: Lock,
  name: string,
  options: AcquireOptions,
  work: (lease: Lease) => T | Promise<T>,
): Promise<T> {
  const lease = await acquire(lock, name, options);
  let result: T;
  try {
    result = await runUnder(lock, lease, async () => work(lease));
  } finally {
    await lease.release();
  }
  if (lease.lost !== undefined) throw new LockLostError(name, lease.lost);
  return result;
}

async function takeTurn(
  lock: Lock,
  name: string,
  { waitMs }: AcquireOptions,
  limit: WaitLimit,
): Promise<() => void> {
  const turn = lock.queue?.turn(fullNameOf(lock, name), limit.signal);
  // A free queue has given the turn already. Otherwise this ends the wait before it begins.
  if (waitMs === 0) limit.exhaust();
  return (await turn) ?? (() => {});
}

/**
 * Asks, and while the lock is busy, waits and asks again. Each try is an acquisition of its own,
 * with its own owner.
 */
async function contend(
  lock: Lock,
  name: string,
  options: AcquireOptions,
  limit: WaitLimit,
  onEnd: () => void,
): Promise<Lease> {
  const request = requestOf(lock, name, options, onEnd);
  const ask = (giveUp: AbortSignal): Promise<Lease | Busy> =>
    waitFor<Lease | Busy>(tryRequest(request), {
      signals: [giveUp],
      onLateValue: (late) => {
        if (late.acquired) void late.release();
      },
    });

  // With `waitMs: 0` the one try ends at the store's deadline instead.
  let answer = await ask(
    options.waitMs === 0 ? (options.signal ?? new AbortController().signal) : limit.signal,
  );
  if (answer.acquired) return answer;
  limit.signal.throwIfAborted();

  const wakeUp = await listenForRelease(request, limit.signal);
  try {
    for (let tries = 0; !answer.acquired; tries += 1) {
      // No message reports a release between the first try and the subscription, so the second try
      // comes at once.
      if (tries > 0 || !wakeUp.isPushed)
        await wakeUp.sleep(pauseMs(answer, tries, wakeUp.isPushed, request.random));
      answer = await ask(limit.signal);
    }
    return answer;
  } finally {
    wakeUp.end();
  }
}

function requestOf(
  lock: Lock,
  name: string,
  options: TryLeaseOptions,
  onEnd: () => void,
): LeaseRequest {
  const { ttlMs, clock = systemClock, random = systemRandom } = options;
  const storeDeadlineMs =
    options.storeDeadlineMs === undefined
      ? Math.max(deadlineDefaultMs, ttlMs / 3)
      : requireDeadline(options.storeDeadlineMs, "storeDeadlineMs");
  return { lock, name, ttlMs, storeDeadlineMs, clock, random, onEnd };
}

function requireRequest(what: string, lock: Lock, options: TryLeaseOptions): void {
  requireLock(lock);
  // A caller that waits by itself may give the same options to both functions.
  requireOptions(what, options, kinds);
  requireTtl(options.ttlMs);
}

const kinds = {
  clock: "clock",
  random: "random",
  signal: "signal",
  storeDeadlineMs: "number",
  ttlMs: "number",
  waitMs: "number",
} satisfies KindsOf<AcquireOptions>;

function requireTtl(ttlMs: number): void {
  if (Number.isInteger(ttlMs) && ttlMs >= 1 && ttlMs < 2 ** 31) return;
  throw new ConfigurationError(
    `A lease's ttlMs must be a whole number of ms from 1 to 2^31 - 1, not ${String(ttlMs)}.`,
  );
}

function requireWait(waitMs: number): void {
  if (Number.isFinite(waitMs) && waitMs >= 0) return;
  throw new ConfigurationError(
    `waitMs must be a finite number of ms from 0, not ${String(waitMs)}. To wait without an end, wait again.`,
  );
}
