/** The messages between the herd bench and its processes. */

export const herdContenderNames = [
  "raw",
  "lingpai",
  "layered-loader",
  "bentocache",
  "cacheable",
  "cache-manager",
  "async-cache-dedupe",
  "keyv",
  "keyv + verrou",
] as const;
export type HerdContenderName = (typeof herdContenderNames)[number];

export type HerdOrders = {
  /** Connects, and loads nothing yet. */
  readonly join: (spec: {
    contender: HerdContenderName;
    url: string;
    key: string;
    loadMs: number;
  }) => Promise<void>;
  /** All callers load at this moment of the machine's clock. */
  readonly rush: (rush: { callers: number; atWallMs: number }) => Promise<Rush>;
  readonly leave: (nothing: undefined) => Promise<void>;
};

export interface Rush {
  /** The number of loads in this process. */
  readonly loads: number;
  /** When its last caller had a value, by the machine's clock. */
  readonly lastWallMs: number;
  /** The different values that its callers received. */
  readonly values: readonly string[];
}
