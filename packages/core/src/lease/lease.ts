/** The lease as its holder sees it, and the options of a request for one. */
import type { LockLossReason } from "../errors.ts";
import type { Random } from "../random.ts";
import type { Clock } from "../time/time.ts";

/**
 * A lock that this process holds. It is extended every third of its ttl until it is released or
 * lost; that keeps no process alive.
 *
 * It is lost when the store reports another holder or none, when no extension succeeded before its
 * end by the local monotonic clock (counted from before the command was sent, less a hundredth and
 * 2 ms), and when the machine slept longer than that. A loss is final.
 */
export interface Lease extends AsyncDisposable {
  /** Distinguishes a lease from {@link Busy}. */
  readonly acquired: true;
  readonly name: string;
  /** Higher than that of every earlier holder: see {@link Lock.tryAcquire}. */
  readonly fence: number;
  /** The store's clock when it granted the lease, in ms since the Unix epoch. */
  readonly storeNowMs: number;
  /**
   * Aborts with {@link LockLostError} when the lease is lost; not when it is released. `aborted`,
   * `reason` and `throwIfAborted` check the clocks first, so they are correct even for code that
   * resumes after a blocked event loop or a suspend, before any listener was called.
   */
  readonly signal: AbortSignal;
  /**
   * Why it was lost, after checking the clocks. Undefined while it is held, and after a release
   * that was in time.
   */
  readonly lost: LockLossReason | undefined;
  /** Returns true when it may be relied on now, by the clocks. No I/O. */
  isHeld(): boolean;
  /**
   * Ends the lease. Later calls return the first one's promise. Never rejects. Resolves to false if
   * the store did not confirm the release. Either the lease was lost before, or the store says so
   * now (it then counts as lost, `refused`), or the store cannot be reached and ends the lease
   * after its ttl.
   */
  release(): Promise<boolean>;
  /** As {@link Lease.release}: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TryLeaseOptions {
  /**
   * How long the lease lasts without an extension, in ms: a whole number from 1 to 2^31 − 1. Below
   * 4 it ends before it can be used.
   */
  readonly ttlMs: number;
  /**
   * How long one call of the store may take, in ms. The lock's own deadline counts too.
   * @defaultValue 500, or a third of `ttlMs` if that is more
   */
  readonly storeDeadlineMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface AcquireOptions extends TryLeaseOptions {
  /**
   * How long to wait for the holder, in ms, finite. 0 asks once, if nobody in this process is
   * before us, and never waits.
   */
  readonly waitMs: number;
  /**
   * Ends the waiting. A lease that was granted meanwhile is released. The signal does not end an
   * acquired lease.
   */
  readonly signal?: AbortSignal;
}
