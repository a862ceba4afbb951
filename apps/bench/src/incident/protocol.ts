/** The messages between the incident bench and its processes. */

export const incidentContenderNames = [
  "lingpai plain",
  "lingpai stable",
  "co-wechat-api",
  "node-easywechat",
] as const;
export type IncidentContenderName = (typeof incidentContenderNames)[number];

export interface NodeSpec {
  readonly contender: IncidentContenderName;
  readonly appId: string;
  readonly secret: string;
  readonly overlapMs: number;
  readonly platformUrl: string;
  readonly redisUrl: string;
}

export type IncidentOrders = {
  /** Connects to the store, and requests nothing from the platform. */
  readonly join: (spec: NodeSpec) => Promise<void>;
  /**
   * Makes this many business calls at once. A call that has not ended after `limitMs` counts as
   * failed.
   */
  readonly call: (load: { callers: number; limitMs: number }) => Promise<Calls>;
  readonly leave: (nothing: undefined) => Promise<void>;
};

export interface Calls {
  readonly failed: number;
  /** The first failure. */
  readonly failure: string | undefined;
}
