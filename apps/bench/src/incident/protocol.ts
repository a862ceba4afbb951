/** What the incident's bench and its processes say to each other. */

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
  /** Connects to the store; asks the platform for nothing. */
  readonly join: (spec: NodeSpec) => Promise<void>;
  /**
   * So many business calls at once. A call that has not come back after `limitMs` counts as failed.
   */
  readonly call: (load: { callers: number; limitMs: number }) => Promise<Calls>;
  readonly leave: (nothing: undefined) => Promise<void>;
};

export interface Calls {
  readonly failed: number;
  /** How the first that failed did so. */
  readonly failure: string | undefined;
}
