/** The messages between the bench of many credentials in many processes and its workers. */
import type { Costs, Measured } from "./costs.ts";

export type ManyOrders = {
  /** Opens a connection of its own, and measures. */
  readonly measure: (order: Measured & { readonly url: string }) => Promise<Costs>;
};
