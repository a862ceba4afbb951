/** What the herd's bench and its processes say to each other. */

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
  /** Connects, and asks for nothing yet. */
  readonly join: (spec: {
    contender: HerdContenderName;
    url: string;
    key: string;
    loadMs: number;
  }) => Promise<void>;
  /** All callers ask at this moment of the machine's clock. */
  readonly rush: (rush: { callers: number; atWallMs: number }) => Promise<Rush>;
  readonly leave: (nothing: undefined) => Promise<void>;
};

export interface Rush {
  /** How often this process loaded. */
  readonly loads: number;
  /** When its last caller had a value, by the machine's clock. */
  readonly lastWallMs: number;
  /** The different values that its callers got. */
  readonly values: readonly string[];
}
