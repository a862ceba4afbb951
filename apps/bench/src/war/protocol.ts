/** The orders between the war bench and its processes. */
import type { Outcome, War } from "./world.ts";

export type WarOrders = {
  /** Fights one war with the contender of this name. */
  readonly fight: (order: { readonly contender: string; readonly war: War }) => Promise<WarResult>;
};

/** The outcome as plain data: of the `contended` event, only its count. */
export interface WarResult extends Omit<Outcome, "contended"> {
  readonly contendedCount: number;
}
