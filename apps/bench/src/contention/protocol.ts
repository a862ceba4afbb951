/** The orders between the contention bench and its processes. */
import type { Outcome, Contention } from "./fleets.ts";

export type ContentionOrders = {
  /** Runs one contention with the contender of this name. */
  readonly runFleets: (order: {
    readonly contender: string;
    readonly contention: Contention;
    /** True if a second fleet of this kind takes part. The result is the worse of both. */
    readonly hasRival?: boolean | undefined;
  }) => Promise<ContentionResult>;
};

/** The outcome as plain data. Of the `contended` event it has only the count. */
export interface ContentionResult extends Omit<Outcome, "contended"> {
  readonly contendedCount: number;
}
