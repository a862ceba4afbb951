/** The messages between the demo and its processes. */

export type ContenderName = "cache per environment" | "lingpai plain" | "lingpai stable";

/** The settings with which a process is a node of one environment. */
export interface NodeSpec {
  readonly contender: ContenderName;
  readonly environment: "production" | "development";
  readonly node: string;
  readonly platformUrl: string;
  readonly appId: string;
  readonly secret: string;
  readonly overlapMs: number;
  readonly store: { readonly sqliteFile: string } | { readonly redisUrl: string };
}

export type Order =
  | { readonly id: number; readonly type: "join"; readonly spec: NodeSpec }
  /** The application's action at its start. */
  | { readonly id: number; readonly type: "boot" }
  | {
      readonly id: number;
      readonly type: "call";
      readonly callers: number;
      readonly rounds: number;
      readonly paceMs: number;
    }
  | { readonly id: number; readonly type: "leave" };

export interface Report {
  readonly id: number;
  readonly calls: number;
  readonly failed: number;
  /** The causes of failures, most frequent first: `40001`, `CREDENTIAL_CONFLICT`. */
  readonly failures: readonly string[];
  /** The reasons of this process's fetches, in order. The platform's log has their times. */
  readonly reasons: readonly string[];
}
