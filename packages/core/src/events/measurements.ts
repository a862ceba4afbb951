/**
 * Measurements for metrics: the durations of store commands and leases, the day's ledger, the
 * claims. They have their own channel, because they are too many for a log.
 */
import type { ErrorCode, IssueOutcome, LockLossReason } from "../errors.ts";
import type { EventContext } from "./events.ts";

/**
 * Every figure of every credential in the process is published here, each a {@link Measurement}:
 * `subscribe("lingpai:measurement", (measurement) => …)`. Without a subscriber nothing is created
 * or published.
 */
export const measurementChannelName = "lingpai:measurement";

export interface StoreFigure {
  readonly kind: "store";
  /**
   * `read`: the fleet's document. `acquire`: the lease. `claims-get`, `claims-set`: the registry of
   * claims. `touch`: a write that shows whether the store takes writes. Others: the change of the
   * document that was written, such as `intent`, `commit` or `abandon`.
   */
  readonly operation: string;
  /** Why it failed: the code of an error of Lingpai, otherwise the error's class. */
  readonly errorCode?: ErrorCode | (string & {}) | undefined;
}

export interface LockWaitFigure {
  readonly kind: "lock-wait";
  /**
   * `granted`: the node got the lease. `newer`: the credential that it needed was stored meanwhile,
   * usually by the holder. `timeout`: its wait ended first.
   */
  readonly outcome: "granted" | "newer" | "timeout";
}

export interface LockHoldFigure {
  readonly kind: "lock-hold";
  /** `released`, or how the lease was lost. */
  readonly outcome: "released" | LockLossReason;
}

export interface QuotaFigure {
  readonly kind: "quota";
  /** The fetches of this day, by the fleet's ledger. */
  readonly used: number;
  /** `Number.MAX_SAFE_INTEGER` where there is no limit. */
  readonly perDay: number;
  readonly resetsInMs: number;
}

export interface ClaimsFigure {
  readonly kind: "claims";
  /**
   * The other environments that claim the credential. 0 where `onConflict` is `coexist` or
   * `consume`, because there that is no conflict.
   */
  readonly conflicts: number;
}

/**
 * A request that was answered and is sent again at once, which causes no event. The ledger counts
 * it, because the platform counts every call (its page of call limits, read 2026-11).
 */
export interface RepeatedFigure {
  readonly kind: "repeated";
  readonly outcome: IssueOutcome;
  /** The platform's code, otherwise ours. */
  readonly errorCode: string;
}

export type Figure =
  | StoreFigure
  | LockWaitFigure
  | LockHoldFigure
  | QuotaFigure
  | ClaimsFigure
  | RepeatedFigure;

interface Timed {
  readonly durationMs: number;
}

/** One measurement, with its credential and node. */
export type Measurement = Pick<EventContext, "credential" | "environment" | "node"> &
  (
    | ((StoreFigure | LockWaitFigure | LockHoldFigure) & Timed)
    | QuotaFigure
    | ClaimsFigure
    | RepeatedFigure
  );
