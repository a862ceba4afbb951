/** What the demo and its processes say to each other. */

export type ContenderName = "cache per environment" | "lingpai plain" | "lingpai stable";

/** Everything a process needs to be a node of one environment. */
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
  /** What the application does when it starts. */
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
  /** What the failures were, most frequent first: `40001`, `CREDENTIAL_CONFLICT`. */
  readonly failures: readonly string[];
  /** Why this process fetched, in the order of its fetches; the platform's log says when. */
  readonly reasons: readonly string[];
}
