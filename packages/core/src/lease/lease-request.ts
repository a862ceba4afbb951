/** The parameters of one request for a lease. */
import type { Lock } from "../lock/lock.ts";
import type { Random } from "../random.ts";
import type { Clock } from "../time/time.ts";

/** The lease that is requested, and the parts that the request uses. */
export interface LeaseRequest {
  readonly lock: Lock;
  readonly name: string;
  readonly ttlMs: number;
  readonly storeDeadlineMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when the lease was lost or its release is done. A second call must do no harm. */
  readonly onEnd: () => void;
}

/** One acquisition. */
export interface Acquisition extends LeaseRequest {
  /** Drawn for this acquisition and never used again. */
  readonly owner: string;
}
