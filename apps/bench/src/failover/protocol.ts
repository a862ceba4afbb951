/** What the failover bench and its processes say to each other. */
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
   * From now on makes ten business calls a second, and beside them writes over a raw client of the
   * same driver and settings.
   */
  readonly start: (nothing: undefined) => Promise<void>;
  /** Asks for a refresh, and does not wait for it. */
  readonly refresh: (nothing: undefined) => Promise<void>;
  /** Makes no more calls, and reports when the last has come back. */
  readonly stop: (nothing: undefined) => Promise<Report>;
};

export interface Report {
  readonly calls: number;
  readonly failed: number;
  /** How the first that failed did so. */
  readonly failure: string | undefined;
  readonly slowestMs: number;
  /** The longest time in which no write of the raw client succeeded. */
  readonly rawOutageMs: number;
}
