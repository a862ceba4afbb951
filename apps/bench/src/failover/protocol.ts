/** The messages between the failover bench and its processes. */
import type { Parameters } from "@lingpai/core";
import type { Address } from "@lingpai/test-servers";

export const driverNames = ["ioredis", "@redis/client"] as const;
export type DriverName = (typeof driverNames)[number];

export const storeKinds = ["Cluster", "Sentinel"] as const;
export type StoreKind = (typeof storeKinds)[number];

/**
 * How a client finds the store: seed nodes of a Cluster, or Sentinels that know the primary by its
 * name.
 */
export interface StoreSpec {
  readonly kind: StoreKind;
  readonly seeds: readonly Address[];
  readonly primaryName: string;
}

export interface NodeSpec {
  readonly driver: DriverName;
  readonly store: StoreSpec;
  readonly platformUrl: string;
  readonly appId: string;
  readonly secret: string;
  readonly overlapMs: number;
  readonly parameters: Partial<Parameters>;
  readonly node: string;
}

export type FailoverOrders = {
  /** Connects to the store and makes one business call. */
  readonly join: (spec: NodeSpec) => Promise<void>;
  /**
   * From now on makes ten business calls a second. In addition it writes over a raw client of the
   * same driver with the same settings.
   */
  readonly start: (nothing: undefined) => Promise<void>;
  /** Requests a refresh, and does not wait for it. */
  readonly refresh: (nothing: undefined) => Promise<void>;
  /** Stops making calls, and reports when the last one has ended. */
  readonly stop: (nothing: undefined) => Promise<Report>;
};

export interface Report {
  readonly calls: number;
  readonly failed: number;
  /** The first failure. */
  readonly failure: string | undefined;
  readonly slowestMs: number;
  /** The longest time without a successful write of the raw client. */
  readonly rawOutageMs: number;
}
